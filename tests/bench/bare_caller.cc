#include "tests/bench/bare_caller.h"

#include <asio/post.hpp>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/stream/channel_factory.h"

namespace ovpnbroker::bench {

BareCaller::BareCaller(const std::string& address, MakeRequest make_request, Messages messages,
                       Thread thread)
    : make_request_(std::move(make_request)), messages_(messages), thread_(thread) {
  const policy::StreamPolicyOptions options;
  auto channel = policy::ChannelFactory(options).Make(address, "");
  if (!channel.ok()) std::abort();  // the address is our own
  channel_ = *std::move(channel);
  stub_ = policy::v1::PolicyService::NewStub(channel_);
  stub_->async()->StreamDecisions(&context_, this);
  AddHold();
  std::unique_lock<std::mutex> lock(mutex_);
  request_.mutable_hello()->set_policy("bench");
  writing_ = true;
  unanswered_ = 1;
  StartWrite(&request_);
  StartRead(&response_);
  StartCall();
  AwaitIdle(lock);
  *request_.mutable_decision_request() = make_request_();
}

BareCaller::~BareCaller() {
  context_.TryCancel();
  RemoveHold();
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return done_; });
}

ovpn::Duration BareCaller::Run(size_t count, size_t window) {
  std::unique_lock<std::mutex> lock(mutex_);
  latencies_.clear();
  latencies_.reserve(count);
  unasked_ = count;
  unanswered_ = count;
  const ovpn::SteadyTime start = std::chrono::steady_clock::now();
  for (size_t i = 0; i < window && unasked_ > 0; ++i) Ask();
  AwaitIdle(lock);
  return std::chrono::steady_clock::now() - start;
}

void BareCaller::AwaitIdle(std::unique_lock<std::mutex>& lock) {
  while (thread_ == Thread::kLoop && unanswered_ > 0 && !done_) {
    lock.unlock();
    loop_.run_one();
    lock.lock();
  }
  changed_.wait(lock, [this] { return (unanswered_ == 0 && !writing_) || done_; });
  if (!done_) return;
  std::cerr << "the stream ended\n";
  std::exit(EXIT_FAILURE);
}

void BareCaller::Ask() {
  --unasked_;
  ++to_write_;
  ask_time_ = std::chrono::steady_clock::now();
  WriteNext();
}

void BareCaller::WriteNext() {
  if (writing_ || to_write_ == 0) return;
  --to_write_;
  writing_ = true;
  if (messages_ == Messages::kBuiltEachTime) *request_.mutable_decision_request() = make_request_();
  // As long as a real id.
  request_.mutable_decision_request()->set_decision_id(
      absl::StrCat("0192f0c4-0000-7000-8000-", absl::Dec(++sequence_, absl::kZeroPad12)));
  StartWrite(&request_);
}

void BareCaller::OnReadDone(bool ok) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!ok) return;
  if (thread_ == Thread::kGrpc) {
    TakeAnswer();
  } else {
    asio::post(loop_, [this] {
      const std::lock_guard<std::mutex> loop_lock(mutex_);
      TakeAnswer();
    });
  }
  StartRead(&response_);
}

void BareCaller::TakeAnswer() {
  latencies_.push_back(std::chrono::steady_clock::now() - ask_time_);
  if (unasked_ > 0) Ask();
  if (--unanswered_ == 0) changed_.notify_all();
}

void BareCaller::OnWriteDone(bool ok) {
  const std::lock_guard<std::mutex> lock(mutex_);
  writing_ = false;
  if (ok) WriteNext();
  if (unanswered_ == 0) changed_.notify_all();
}

void BareCaller::OnDone(const grpc::Status&) {
  const std::lock_guard<std::mutex> lock(mutex_);
  done_ = true;
  changed_.notify_all();
  asio::post(loop_, [] {});  // AwaitIdle looks again
}

}  // namespace ovpnbroker::bench
