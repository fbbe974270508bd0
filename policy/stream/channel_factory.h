// The one place that says how a replica is reached and how it is trusted: address syntax,
// credentials, channel arguments. Owned by a ReplicaSet; loop thread.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "policy/stream/stream_options.h"

namespace ovpnbroker::policy {

class ChannelFactory {
 public:
  // `options` outlive the factory. Begins to watch the PEM files when there are some.
  explicit ChannelFactory(const StreamPolicyOptions& options);

  // A channel to one replica, with connections of its own; does not connect yet. Accepts
  // "unix:/absolute/path", and "ADDRESS:PORT" or "[ADDRESS]:PORT" with TLS, or without TLS on a
  // loopback address when `insecure` says so and no password was granted. INVALID_ARGUMENT for
  // anything else, since without TLS whoever is on the way could let anybody in. `server_name` is
  // what the certificate must be for unless the options name another; empty: the address itself.
  absl::StatusOr<std::shared_ptr<grpc::Channel>> Make(const std::string& address,
                                                      const std::string& server_name) const;

 private:
  absl::Status CheckTcpAddress(absl::string_view address) const;

  const StreamPolicyOptions& options_;
  const std::shared_ptr<grpc::ChannelCredentials> tls_;  // null: without TLS
};

}  // namespace ovpnbroker::policy
