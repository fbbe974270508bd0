#include "tests/support/scripted_policy.h"

#include <stdlib.h>

#include <algorithm>
#include <asio/post.hpp>
#include <chrono>
#include <deque>
#include <mutex>
#include <set>
#include <utility>

namespace ovpnbroker::test {
namespace {

using policy::v1::StreamDecisionsRequest;
using policy::v1::StreamDecisionsResponse;

constexpr std::chrono::seconds kShutdownGrace{0};

}  // namespace

policy::v1::Decision AllowDecision(const std::string& decision_id) {
  policy::v1::Decision decision;
  decision.set_decision_id(decision_id);
  decision.mutable_allow();
  return decision;
}

policy::v1::Decision DenyDecision(const std::string& decision_id,
                                  const std::string& client_reason) {
  policy::v1::Decision decision;
  decision.set_decision_id(decision_id);
  decision.mutable_deny()->set_client_reason(client_reason);
  return decision;
}

PolicyScript SilentPolicy() {
  PolicyScript script;
  script.decide = nullptr;
  return script;
}

// The service's state is shared by its streams, which gRPC ends in its own time.
class ScriptedPolicy::Service final : public policy::v1::PolicyService::CallbackService {
 public:
  Service(asio::io_context& loop, PolicyScript script) : loop_(loop), script_(std::move(script)) {}

  grpc::ServerBidiReactor<StreamDecisionsRequest, StreamDecisionsResponse>* StreamDecisions(
      grpc::CallbackServerContext* context) override;

  void OnMessage(Stream& stream, const StreamDecisionsRequest& message);
  void OnHalfClose();
  void Remove(Stream* stream);

  asio::io_context& loop_;
  const PolicyScript script_;
  mutable std::mutex mutex_;  // taken before a stream's, never after
  std::set<Stream*> streams_;
  std::vector<StreamDecisionsRequest> received_;
  int half_closed_ = 0;
};

class ScriptedPolicy::Stream final
    : public grpc::ServerBidiReactor<StreamDecisionsRequest, StreamDecisionsResponse> {
 public:
  explicit Stream(Service& service) : service_(service) { StartRead(&request_); }

  void Send(StreamDecisionsResponse message) {
    const std::lock_guard<std::mutex> lock(mutex_);
    queue_.push_back(std::move(message));
    WriteNext();
  }

  void End(const grpc::Status& status) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!end_.has_value()) end_ = status;
    WriteNext();
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      service_.OnHalfClose();
      End(grpc::Status::OK);
      return;
    }
    service_.OnMessage(*this, request_);
    StartRead(&request_);
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    writing_ = false;
    if (!ok) queue_.clear();
    WriteNext();
  }

  void OnCancel() override { End(grpc::Status::CANCELLED); }

  void OnDone() override {
    service_.Remove(this);
    delete this;
  }

 private:
  // With mutex_ held.
  void WriteNext() {
    if (writing_ || finished_) return;
    if (!queue_.empty()) {
      writing_ = true;
      response_ = std::move(queue_.front());
      queue_.pop_front();
      StartWrite(&response_);
    } else if (end_.has_value()) {
      finished_ = true;
      Finish(*end_);
    }
  }

  Service& service_;
  StreamDecisionsRequest request_;
  std::mutex mutex_;
  std::deque<StreamDecisionsResponse> queue_;
  StreamDecisionsResponse response_;
  std::optional<grpc::Status> end_;
  bool writing_ = false;
  bool finished_ = false;
};

grpc::ServerBidiReactor<StreamDecisionsRequest, StreamDecisionsResponse>*
ScriptedPolicy::Service::StreamDecisions(grpc::CallbackServerContext*) {
  auto* stream = new Stream(*this);  // deletes itself in OnDone
  const std::lock_guard<std::mutex> lock(mutex_);
  streams_.insert(stream);
  return stream;
}

void ScriptedPolicy::Service::OnMessage(Stream& stream, const StreamDecisionsRequest& message) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    received_.push_back(message);
  }
  StreamDecisionsResponse response;
  if (message.has_hello()) {
    if (script_.first_message.has_value()) {
      stream.Send(*script_.first_message);
    } else if (script_.ack.has_value()) {
      *response.mutable_hello_ack() = *script_.ack;
      stream.Send(std::move(response));
    }
  } else if (message.has_decision_request() && script_.decide != nullptr) {
    if (auto decision = script_.decide(message.decision_request())) {
      *response.mutable_decision() = *std::move(decision);
      stream.Send(std::move(response));
    }
  } else if (message.has_heartbeat() && script_.echo_heartbeats) {
    *response.mutable_heartbeat() = message.heartbeat();
    stream.Send(std::move(response));
  }
  asio::post(loop_, [] {});
}

void ScriptedPolicy::Service::OnHalfClose() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++half_closed_;
  }
  asio::post(loop_, [] {});
}

void ScriptedPolicy::Service::Remove(Stream* stream) {
  const std::lock_guard<std::mutex> lock(mutex_);
  streams_.erase(stream);
}

ScriptedPolicy::ScriptedPolicy(asio::io_context& loop, const std::string& address,
                               PolicyScript script,
                               std::shared_ptr<grpc::ServerCredentials> credentials)
    : service_(std::make_unique<Service>(loop, std::move(script))) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, std::move(credentials), &port_);
  builder.RegisterService(service_.get());
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) abort();
}

ScriptedPolicy::~ScriptedPolicy() {
  server_->Shutdown(std::chrono::system_clock::now() + kShutdownGrace);
}

std::vector<StreamDecisionsRequest> ScriptedPolicy::Received() const {
  const std::lock_guard<std::mutex> lock(service_->mutex_);
  return service_->received_;
}

int ScriptedPolicy::Count(StreamDecisionsRequest::MessageCase kind) const {
  const std::lock_guard<std::mutex> lock(service_->mutex_);
  return static_cast<int>(
      std::count_if(service_->received_.begin(), service_->received_.end(),
                    [kind](const auto& message) { return message.message_case() == kind; }));
}

StreamDecisionsRequest ScriptedPolicy::Last(StreamDecisionsRequest::MessageCase kind) const {
  const std::lock_guard<std::mutex> lock(service_->mutex_);
  const auto found =
      std::find_if(service_->received_.rbegin(), service_->received_.rend(),
                   [kind](const auto& message) { return message.message_case() == kind; });
  return found == service_->received_.rend() ? StreamDecisionsRequest() : *found;
}

void ScriptedPolicy::Send(const StreamDecisionsResponse& message) {
  const std::lock_guard<std::mutex> lock(service_->mutex_);
  for (Stream* stream : service_->streams_) stream->Send(message);
}

void ScriptedPolicy::Send(const policy::v1::Decision& decision) {
  StreamDecisionsResponse message;
  *message.mutable_decision() = decision;
  Send(message);
}

void ScriptedPolicy::FinishStreams(const grpc::Status& status) {
  const std::lock_guard<std::mutex> lock(service_->mutex_);
  for (Stream* stream : service_->streams_) stream->End(status);
}

int ScriptedPolicy::half_closed_streams() const {
  const std::lock_guard<std::mutex> lock(service_->mutex_);
  return service_->half_closed_;
}

}  // namespace ovpnbroker::test
