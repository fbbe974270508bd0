// The one place that says how a replica is reached and how it is trusted: address syntax,
// credentials, channel arguments. Pure; any thread.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "policy/stream/stream_options.h"

namespace ovpnbroker::policy {

// A channel to one replica, with connections of its own. Accepts "unix:/absolute/path" and, with
// `insecure`, "ADDRESS:PORT" or "[ADDRESS]:PORT" on a loopback address; INVALID_ARGUMENT for
// anything else, since without TLS whoever is on the way could let anybody in. Does not connect
// yet.
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const std::string& address,
                                                           bool insecure,
                                                           const StreamTimings& timings);

}  // namespace ovpnbroker::policy
