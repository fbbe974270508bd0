// google.rpc.Status for what the broker tells a policy inside the stream. Pure; any thread.
#pragma once

#include <vector>

#include "absl/strings/string_view.h"
#include "google/rpc/code.pb.h"
#include "google/rpc/status.pb.h"
#include "ovpn/base/clock.h"
#include "ovpn/types/verdict.h"

namespace ovpnbroker::policy {

// ErrorInfo.reason of everything that needs a capability that is not switched on.
inline constexpr absl::string_view kCapabilityNotEnabled = "CAPABILITY_NOT_ENABLED";

// A status with one ErrorInfo of the domain "ovpn-broker".
google::rpc::Status MakeStatus(google::rpc::Code code, absl::string_view reason,
                               absl::string_view message);

// INVALID_ARGUMENT with an ErrorInfo and one BadRequest that names each field.
google::rpc::Status MakeFieldStatus(absl::string_view reason, absl::string_view message,
                                    const std::vector<ovpn::FieldViolation>& violations);

// RESOURCE_EXHAUSTED with a RetryInfo.
google::rpc::Status MakeRetryStatus(ovpn::Duration retry_delay);

// MakeFieldStatus for a verdict.
google::rpc::Status MakeViolationStatus(const std::vector<ovpn::FieldViolation>& violations);

}  // namespace ovpnbroker::policy
