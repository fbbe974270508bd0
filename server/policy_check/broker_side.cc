#include "server/policy_check/broker_side.h"

#include <utility>

namespace ovpnbroker::policy_check {

BrokerSide::BrokerSide(const std::shared_ptr<grpc::Channel>& channel)
    : stub_(policy::v1::PolicyService::NewStub(channel)) {
  context_.set_deadline(std::chrono::system_clock::now() + kMaxStreamLife);
  stream_ = stub_->StreamDecisions(&context_);
  reader_ = std::thread([this] { ReadAll(); });
}

BrokerSide::~BrokerSide() {
  Cancel();
  reader_.join();
}

void BrokerSide::ReadAll() {
  Response message;
  while (stream_->Read(&message)) {
    const std::lock_guard<std::mutex> lock(mutex_);
    queue_.push_back(std::move(message));
    changed_.notify_all();
  }
  grpc::Status status = stream_->Finish();
  const std::lock_guard<std::mutex> lock(mutex_);
  end_ = std::move(status);
  changed_.notify_all();
}

bool BrokerSide::Send(const Request& message) { return stream_->Write(message); }

std::optional<Response> BrokerSide::Next(SteadyTime deadline) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait_until(lock, deadline, [this] { return !queue_.empty() || end_.has_value(); });
  if (queue_.empty()) return std::nullopt;
  Response message = std::move(queue_.front());
  queue_.pop_front();
  return message;
}

void BrokerSide::CloseWrites() { stream_->WritesDone(); }

void BrokerSide::Cancel() { context_.TryCancel(); }

std::optional<grpc::Status> BrokerSide::WaitEnd(SteadyTime deadline) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait_until(lock, deadline, [this] { return end_.has_value(); });
  return end_;
}

}  // namespace ovpnbroker::policy_check
