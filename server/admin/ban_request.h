// The checks of CreateBan's request, and bans as messages. Any thread.
#pragma once

#include <grpcpp/support/status.h>

#include <string>

#include "ovpn/base/clock.h"
#include "ovpnbroker/admin/v1/ban_service.pb.h"
#include "policy/ban_list.h"

namespace ovpnbroker::server {

inline constexpr std::chrono::seconds kMinBanTtl{1};
inline constexpr std::chrono::hours kMaxBanTtl{10 * 365 * 24};

// The ban that `request` asks for, without uid; or INVALID_ARGUMENT.
grpc::Status ParseBan(const admin::v1::CreateBanRequest& request, ovpn::WallTime now,
                      const std::string& creator, std::optional<policy::Ban>& ban);

admin::v1::Ban BanToProto(const policy::Ban& ban);

}  // namespace ovpnbroker::server
