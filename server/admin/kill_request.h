// What the two kill calls have in common: the checks of disposition, reason and wait. Any thread.
#pragma once

#include <google/protobuf/duration.pb.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <string>

#include "ovpn/base/clock.h"
#include "ovpnbroker/admin/v1/kill.pb.h"
#include "server/broker_control.h"

namespace ovpnbroker::server {

inline constexpr ovpn::Duration kDefaultKillWait = std::chrono::seconds(15);
inline constexpr std::chrono::seconds kMaxKillWait{60};
inline constexpr size_t kMaxKillReason = 200;
// The answer leaves this long before the caller's deadline, so that it still arrives.
inline constexpr ovpn::Duration kDeadlineReserve = std::chrono::milliseconds(200);

// The caller's words, for the audit record and perhaps for clients.
grpc::Status CheckReason(const std::string& reason);
// The same for another field, with the error's reason.
grpc::Status CheckPrintable(absl::string_view field, absl::string_view reason,
                            const std::string& text);
// `wait`, or what is left until the call's deadline when that is less.
ovpn::Duration WithinDeadline(ovpn::Duration wait, ovpn::WallTime deadline);

// Sets how to kill, without the uid. `deadline` is the call's; `wait` may be null.
grpc::Status ParseKillRequest(admin::v1::KillDisposition disposition, const std::string& reason,
                              const google::protobuf::Duration* wait, ovpn::WallTime deadline,
                              KillRequest& kill);

template <typename Request>
grpc::Status ParseKillRequest(const Request& request, ovpn::WallTime deadline, KillRequest& kill) {
  return ParseKillRequest(request.disposition(), request.reason(),
                          request.has_wait() ? &request.wait() : nullptr, deadline, kill);
}

}  // namespace ovpnbroker::server
