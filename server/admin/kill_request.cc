#include "server/admin/kill_request.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/admin/duration_field.h"
#include "server/admin/rpc_error.h"

namespace ovpnbroker::server {
grpc::Status CheckReason(const std::string& reason) {
  return CheckPrintable("reason", "REASON_INVALID", reason);
}

grpc::Status CheckPrintable(absl::string_view field, absl::string_view reason,
                            const std::string& text) {
  const bool printable = std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isprint(static_cast<unsigned char>(c));
  });
  if (printable && text.size() <= kMaxKillReason) return grpc::Status::OK;
  return InvalidField(field, reason,
                      absl::StrCat("at most ", kMaxKillReason, " bytes of printable ASCII"));
}

ovpn::Duration WithinDeadline(ovpn::Duration wait, ovpn::WallTime deadline) {
  const ovpn::WallTime now = std::chrono::system_clock::now();
  const ovpn::Duration left = deadline - now - kDeadlineReserve;
  return std::clamp(wait, ovpn::Duration::zero(), std::max(left, ovpn::Duration::zero()));
}

grpc::Status ParseKillRequest(admin::v1::KillDisposition disposition, const std::string& reason,
                              const google::protobuf::Duration* wait, ovpn::WallTime deadline,
                              KillRequest& kill) {
  if (grpc::Status status = CheckReason(reason); !status.ok()) return status;
  kill.reason = reason;
  kill.disposition = disposition == admin::v1::KILL_DISPOSITION_RESTART ? KillDisposition::kRestart
                                                                        : KillDisposition::kHalt;
  kill.wait = kDefaultKillWait;
  if (wait != nullptr) {
    grpc::Status status =
        ParseDurationField(*wait, kMaxKillWait, "wait", "WAIT_INVALID", kill.wait);
    if (!status.ok()) return status;
  }
  kill.wait = WithinDeadline(kill.wait, deadline);
  return grpc::Status::OK;
}

}  // namespace ovpnbroker::server
