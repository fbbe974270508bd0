// A duration of a request that is bounded by the method, not by the configuration. Any thread.
#pragma once

#include <google/protobuf/duration.pb.h>
#include <grpcpp/support/status.h>

#include <chrono>

#include "absl/strings/string_view.h"
#include "ovpn/base/clock.h"

namespace ovpnbroker::server {

// Zero to `maximum`. INVALID_ARGUMENT with `reason` for anything else, and for what is no duration.
grpc::Status ParseDurationField(const google::protobuf::Duration& duration,
                                std::chrono::seconds maximum, absl::string_view field,
                                absl::string_view reason, ovpn::Duration& result);

}  // namespace ovpnbroker::server
