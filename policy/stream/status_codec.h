// google.rpc.Status for what the broker tells a policy inside the stream. Pure; any thread.
#pragma once

#include <vector>

#include "absl/strings/string_view.h"
#include "google/rpc/code.pb.h"
#include "google/rpc/status.pb.h"
#include "ovpn/types/verdict.h"

namespace ovpnbroker::policy {

// ErrorInfo.reason of everything that needs a capability that is not switched on.
inline constexpr absl::string_view kCapabilityNotEnabled = "CAPABILITY_NOT_ENABLED";

// A status with one ErrorInfo of the domain "ovpn-broker".
google::rpc::Status MakeStatus(google::rpc::Code code, absl::string_view reason,
                               absl::string_view message);

// INVALID_ARGUMENT with one BadRequest that names each field.
google::rpc::Status MakeViolationStatus(const std::vector<ovpn::FieldViolation>& violations);

}  // namespace ovpnbroker::policy
