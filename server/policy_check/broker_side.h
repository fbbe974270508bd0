// The broker's end of one policy stream, for checks: says what it is told to say, keeps what comes
// back in order. One checking thread calls it; a reader thread of its own fills the queue.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "ovpnbroker/policy/v1/policy_service.grpc.pb.h"

namespace ovpnbroker::policy_check {

using Request = policy::v1::StreamDecisionsRequest;
using Response = policy::v1::StreamDecisionsResponse;
using SteadyTime = std::chrono::steady_clock::time_point;

// A stream is given up after this long: a policy that reads nothing must not hold the check up.
inline constexpr std::chrono::seconds kMaxStreamLife{60};

class BrokerSide {
 public:
  explicit BrokerSide(const std::shared_ptr<grpc::Channel>& channel);
  // Cancels the call when it is still open.
  ~BrokerSide();
  BrokerSide(const BrokerSide&) = delete;
  BrokerSide& operator=(const BrokerSide&) = delete;

  // False: the stream is dead. Blocks while the policy does not read.
  bool Send(const Request& message);
  // The next message; nullopt when none came until `deadline` or the stream ended before.
  std::optional<Response> Next(SteadyTime deadline);
  // Tells the policy that nothing more comes.
  void CloseWrites();
  // Ends the call at once, as when the broker dies.
  void Cancel();
  // How the policy ended the stream; nullopt when it had not until `deadline`.
  std::optional<grpc::Status> WaitEnd(SteadyTime deadline);

 private:
  void ReadAll();

  grpc::ClientContext context_;
  std::unique_ptr<policy::v1::PolicyService::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<Request, Response>> stream_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Response> queue_;
  std::optional<grpc::Status> end_;
  std::thread reader_;
};

}  // namespace ovpnbroker::policy_check
