#include "tests/bench/policy_process.h"

#include <grpcpp/grpcpp.h>
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <iostream>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpnbroker/policy/v1/policy_service.grpc.pb.h"

namespace ovpnbroker::bench {
namespace {

namespace v1 = ovpnbroker::policy::v1;
using Request = v1::StreamDecisionsRequest;
using Response = v1::StreamDecisionsResponse;

constexpr char kServe[] = "--serve";
constexpr std::chrono::seconds kStartPatience{10};

Response Answer(const Request& request) {
  Response answer;
  if (request.has_hello()) {
    answer.mutable_hello_ack()->set_policy_id("bench");
  } else if (request.has_decision_request()) {
    v1::Decision& decision = *answer.mutable_decision();
    decision.set_decision_id(request.decision_request().decision_id());
    auto& config = *decision.mutable_allow()->mutable_config();
    config.mutable_ifconfig_push()->set_local("10.8.0.20");
    config.mutable_ifconfig_push()->set_remote_or_netmask("255.255.255.0");
    config.add_routes()->set_destination("192.168.0.0/16");
    config.add_dns("10.8.0.1");
  } else if (request.has_heartbeat()) {
    *answer.mutable_heartbeat() = request.heartbeat();
  }
  return answer;
}

class Stream final : public grpc::ServerBidiReactor<Request, Response> {
 public:
  Stream() { StartRead(&request_); }

  void OnReadDone(bool ok) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!ok) {
      closed_ = true;
      return WriteOrFinish();
    }
    Response answer = Answer(request_);
    if (answer.message_case() != Response::MESSAGE_NOT_SET) answers_.push_back(std::move(answer));
    WriteOrFinish();
    StartRead(&request_);
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    writing_ = false;
    if (!ok) answers_.clear();
    WriteOrFinish();
  }

  void OnDone() override { delete this; }

 private:
  // With mutex_ held.
  void WriteOrFinish() {
    if (writing_) return;
    if (!answers_.empty()) {
      writing_ = true;
      current_ = std::move(answers_.front());
      answers_.pop_front();
      StartWrite(&current_);
    } else if (closed_ && !std::exchange(finished_, true)) {
      Finish(grpc::Status::OK);
    }
  }

  std::mutex mutex_;
  Request request_;
  std::deque<Response> answers_;
  Response current_;
  bool writing_ = false;
  bool closed_ = false;
  bool finished_ = false;
};

class Service final : public v1::PolicyService::CallbackService {
  grpc::ServerBidiReactor<Request, Response>* StreamDecisions(
      grpc::CallbackServerContext*) override {
    return new Stream;
  }
};

}  // namespace

void ServeIfAsked(int argc, char** argv) {
  if (argc != 3 || std::strcmp(argv[1], kServe) != 0) return;
  Service service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(argv[2], grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) std::exit(EXIT_FAILURE);
  server->Wait();
}

PolicyProcess::PolicyProcess()
    : address_(absl::StrCat("unix:", folder_.Path("policy.sock"))),
      process_({SelfPath(), kServe, address_}) {
  const auto channel = grpc::CreateChannel(address_, grpc::InsecureChannelCredentials());
  if (channel->WaitForConnected(std::chrono::system_clock::now() + kStartPatience)) return;
  std::cerr << "the policy did not start\n";
  std::exit(EXIT_FAILURE);
}

void PolicyProcess::Freeze() const { process_.Signal(SIGSTOP); }
void PolicyProcess::Thaw() const { process_.Signal(SIGCONT); }

}  // namespace ovpnbroker::bench
