// A real gRPC policy server that does what a test tells it to: answers, keeps silent, breaks the
// protocol, dies. Its callbacks run on gRPC's threads; everything a test calls is for the test's
// thread. Every message wakes the test's loop, so that RunUntil looks again.
#pragma once

#include <grpcpp/grpcpp.h>

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ovpnbroker/policy/v1/policy_service.grpc.pb.h"

namespace ovpnbroker::test {

// `decision_id` allowed, with no configuration.
policy::v1::Decision AllowDecision(const std::string& decision_id);
// `decision_id` denied; `client_reason` for the client.
policy::v1::Decision DenyDecision(const std::string& decision_id, const std::string& client_reason);

// What the server does by itself. The defaults are a good policy that allows everybody.
struct PolicyScript {
  // Null: no answer to Hello.
  std::optional<policy::v1::HelloAck> ack = policy::v1::HelloAck();
  // Sent in answer to Hello instead of `ack`.
  std::optional<policy::v1::StreamDecisionsResponse> first_message;
  // Null: silence. Runs on gRPC's threads.
  std::function<std::optional<policy::v1::Decision>(const policy::v1::DecisionRequest&)> decide =
      [](const policy::v1::DecisionRequest& request) {
        return AllowDecision(request.decision_id());
      };
  bool echo_heartbeats = true;
};

// Never answers a decision by itself; a test sends what it wants.
PolicyScript SilentPolicy();

class ScriptedPolicy {
 public:
  // Listens at `address` ("unix:/path", "127.0.0.1:0") until destroyed; aborts when it cannot.
  ScriptedPolicy(
      asio::io_context& loop, const std::string& address, PolicyScript script = {},
      std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials());
  // Cancels the open streams: to their clients the server has died.
  ~ScriptedPolicy();
  ScriptedPolicy(const ScriptedPolicy&) = delete;
  ScriptedPolicy& operator=(const ScriptedPolicy&) = delete;

  // Of a TCP address.
  int port() const { return port_; }
  // Everything received so far, on all streams, in order.
  std::vector<policy::v1::StreamDecisionsRequest> Received() const;
  // How many messages of one kind came, e.g. StreamDecisionsRequest::kHello.
  int Count(policy::v1::StreamDecisionsRequest::MessageCase kind) const;
  // The last message of that kind; a default one when none came.
  policy::v1::StreamDecisionsRequest Last(
      policy::v1::StreamDecisionsRequest::MessageCase kind) const;
  // Sends on every open stream.
  void Send(const policy::v1::StreamDecisionsResponse& message);
  void Send(const policy::v1::Decision& decision);
  // Ends every open stream from the server's side.
  void FinishStreams(const grpc::Status& status);
  // Streams that were open and have ended in good order: the client closed its side.
  int half_closed_streams() const;

 private:
  class Service;
  class Stream;

  std::unique_ptr<Service> service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace ovpnbroker::test
