// The rival of the policy stream: nothing but gRPC. It sends the same DecisionRequest messages to
// the same service over the same kind of channel, and counts the answers: no engine, no timeouts.
// Its work is done on gRPC's callback threads, or for comparison handed over to a loop on another
// thread, where the broker has to do its own.
#pragma once

#include <grpcpp/grpcpp.h>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ovpn/base/clock.h"
#include "ovpnbroker/policy/v1/policy_service.grpc.pb.h"

namespace ovpnbroker::bench {

class BareCaller final : public grpc::ClientBidiReactor<policy::v1::StreamDecisionsRequest,
                                                        policy::v1::StreamDecisionsResponse> {
 public:
  using MakeRequest = std::function<policy::v1::DecisionRequest()>;
  enum class Messages {
    kReadyMade,      // one message is sent again and again, each time with another id
    kBuiltEachTime,  // as a client must that has the data and not the message
  };
  enum class Thread {
    kGrpc,  // each answer is taken, and the next question asked, where gRPC reads it
    kLoop,  // on the thread of Run, woken for it
  };

  // Opens the stream and exchanges the greeting.
  BareCaller(const std::string& address, MakeRequest make_request, Messages messages,
             Thread thread = Thread::kGrpc);
  ~BareCaller() override;

  // Asks `count` times, `window` at once; gives the time it took.
  ovpn::Duration Run(size_t count, size_t window);
  // Of the last Run with a window of 1, one for each answer.
  const std::vector<ovpn::Duration>& latencies() const { return latencies_; }

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  // All with mutex_ held.
  void Ask();
  void TakeAnswer();
  void WriteNext();
  void AwaitIdle(std::unique_lock<std::mutex>& lock);

  const MakeRequest make_request_;
  const Messages messages_;
  const Thread thread_;
  asio::io_context loop_;
  const asio::executor_work_guard<asio::io_context::executor_type> loop_stays_ =
      asio::make_work_guard(loop_);
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<policy::v1::PolicyService::Stub> stub_;
  grpc::ClientContext context_;

  std::mutex mutex_;
  std::condition_variable changed_;
  policy::v1::StreamDecisionsRequest request_;
  policy::v1::StreamDecisionsResponse response_;
  size_t to_write_ = 0;  // asked and not handed to gRPC yet
  bool writing_ = false;
  size_t unasked_ = 0;  // of this Run
  size_t unanswered_ = 0;
  size_t sequence_ = 0;
  ovpn::SteadyTime ask_time_;
  std::vector<ovpn::Duration> latencies_;
  bool done_ = false;
};

}  // namespace ovpnbroker::bench
