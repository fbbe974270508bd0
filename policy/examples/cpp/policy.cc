// An example policy service with gRPC's callback API: alice gets in with an address, a route and a
// name server; bob is told why not. Decide() is all that a policy of your own changes. With limits
// on its command line it also ends sessions that are odd (anomaly.h).
#include <grpcpp/grpcpp.h>
#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <deque>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <utility>

#include "anomaly.h"
#include "ovpnbroker/policy/v1/policy_service.grpc.pb.h"

namespace {

namespace v1 = ovpnbroker::policy::v1;
using Request = v1::StreamDecisionsRequest;
using Response = v1::StreamDecisionsResponse;

// What the command line says.
struct Settings {
  std::set<std::string> guests;  // get in with what the server gives everybody
  AnomalyLimits limits;
};

// The verdict on one client. Runs on gRPC's threads: a policy that has to wait answers later
// instead.
v1::Decision Decide(const v1::DecisionRequest& request, const Settings& settings) {
  const auto& session = request.session();
  const std::string& name = session.username().empty() ? session.common_name() : session.username();
  v1::Decision decision;
  decision.set_decision_id(request.decision_id());
  if (name == "alice") {
    auto& config = *decision.mutable_allow()->mutable_config();
    config.mutable_ifconfig_push()->set_local("10.8.0.20");
    config.mutable_ifconfig_push()->set_remote_or_netmask("255.255.255.0");
    config.add_routes()->set_destination("192.168.0.0/16");
    config.add_dns("10.8.0.1");
  } else if (name == "bob") {
    decision.mutable_deny()->set_reason("bob left the company");
    decision.mutable_deny()->set_client_reason("Your account is closed. Call the help desk.");
    decision.mutable_deny()->set_code("ACCOUNT_CLOSED");
  } else if (settings.guests.count(name) > 0) {
    decision.mutable_allow();
  } else {
    decision.mutable_deny()->set_reason("not on the list");
  }
  return decision;
}

// One broker's stream: reads on and on, and writes one answer at a time.
class Stream final : public grpc::ServerBidiReactor<Request, Response> {
 public:
  explicit Stream(const Settings& settings) : settings_(settings), detector_(settings.limits) {
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!ok) {  // the broker closed its side, after it said Drain, or is gone
      closed_ = true;
      WriteOrFinish();
      return;
    }
    Response answer;
    if (request_.has_hello()) {
      *answer.mutable_hello_ack() = Greet(request_.hello());
    } else if (request_.has_session_event()) {
      const auto odd = detector_.OnEvent(request_.session_event());
      if (odd.has_value()) *answer.mutable_command() = Kill(request_.session_event(), *odd);
    } else if (request_.has_command_result() && request_.command_result().status().code() != 0) {
      std::cerr << "not ended: " << request_.command_result().status().message() << std::endl;
    } else if (request_.has_decision_request()) {
      *answer.mutable_decision() = Decide(request_.decision_request(), settings_);
    } else if (request_.has_heartbeat()) {
      *answer.mutable_heartbeat() = request_.heartbeat();
    }
    // Outcomes and cancellations need no answer, nor does what a later version adds.
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
  v1::HelloAck Greet(const v1::Hello& hello) const {
    v1::HelloAck ack;
    ack.set_policy_id("cpp-example");
    ack.set_policy_revision("1");
    const auto& offered = hello.capabilities();
    const auto switch_on = [&](v1::Capability capability) {
      if (std::find(offered.begin(), offered.end(), capability) == offered.end()) return false;
      ack.add_capabilities(capability);
      return true;
    };
    // Decide() only looks, so it may be asked for nothing: by a replay, as a shadow.
    switch_on(v1::CAPABILITY_DRY_RUN);
    if (!settings_.limits.any()) return ack;
    switch_on(v1::CAPABILITY_SESSION_EVENTS);
    switch_on(v1::CAPABILITY_SESSION_TRAFFIC);
    if (!switch_on(v1::CAPABILITY_COMMANDS)) {
      std::cerr << "odd sessions cannot be ended: the broker's configuration lacks "
                   "`grant_commands: true`"
                << std::endl;
    }
    return ack;
  }

  // The session's uid names the command too: however often it is sent, it is carried out once.
  static v1::Command Kill(const v1::SessionEvent& event, const std::string& reason) {
    const auto& session = event.session();
    std::cout << "ending the session of " << session.common_name() << ": " << reason << std::endl;
    v1::Command command;
    command.set_command_id("odd-" + session.uid());
    command.mutable_kill_session()->set_session_uid(session.uid());
    command.mutable_kill_session()->set_disposition(v1::KillSession::DISPOSITION_HALT);
    command.mutable_kill_session()->set_reason(reason);
    return command;
  }

  // With mutex_ held.
  void WriteOrFinish() {
    if (writing_) return;
    if (!answers_.empty()) {
      writing_ = true;
      current_ = std::move(answers_.front());
      answers_.pop_front();
      StartWrite(&current_);
    } else if (closed_ && !finished_) {
      finished_ = true;
      Finish(grpc::Status::OK);
    }
  }

  const Settings& settings_;
  AnomalyDetector detector_;
  std::mutex mutex_;  // reads and writes end on different threads
  Request request_;
  std::deque<Response> answers_;
  Response current_;
  bool writing_ = false;
  bool closed_ = false;
  bool finished_ = false;
};

class Policy final : public v1::PolicyService::CallbackService {
 public:
  explicit Policy(const Settings& settings) : settings_(settings) {}

 private:
  grpc::ServerBidiReactor<Request, Response>* StreamDecisions(
      grpc::CallbackServerContext*) override {
    return new Stream(settings_);
  }

  const Settings& settings_;
};

// Every option has a value. Empty: the command line is wrong.
std::map<std::string, std::string> ParseOptions(int argc, char** argv) {
  std::map<std::string, std::string> options = {{"--listen", "unix:/tmp/ovpn-policy.sock"},
                                                {"--tls-cert", ""},
                                                {"--tls-key", ""},
                                                {"--tls-client-ca", ""},
                                                {"--guests", ""},
                                                {"--max-rate", "0"},
                                                {"--max-connects", "0"},
                                                {"--connect-window", "60"},
                                                {"--max-places", "0"}};
  for (int i = 1; i < argc; i += 2) {
    const auto option = options.find(argv[i]);
    if (option == options.end() || i + 1 == argc) return {};
    option->second = argv[i + 1];
  }
  const bool tls = !options["--tls-cert"].empty();
  if (tls == options["--tls-key"].empty() || tls == options["--tls-client-ca"].empty()) return {};
  return options;
}

// False: one of them is no number.
bool ReadLimits(const std::map<std::string, std::string>& options, AnomalyLimits& limits) {
  const std::pair<const char*, uint64_t*> numbers[] = {{"--max-rate", &limits.max_rate},
                                                       {"--max-connects", &limits.max_connects},
                                                       {"--connect-window", &limits.connect_window},
                                                       {"--max-places", &limits.max_places}};
  for (const auto& [name, value] : numbers) {
    const std::string& text = options.at(name);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
    if (error != std::errc() || end != text.data() + text.size()) return false;
  }
  return true;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::cerr << path << ": cannot be read\n";
    exit(1);
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

// With a certificate: mTLS, so that only brokers with a certificate of the CA may ask.
std::shared_ptr<grpc::ServerCredentials> Credentials(
    const std::map<std::string, std::string>& options) {
  if (options.at("--tls-cert").empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions tls(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  tls.pem_root_certs = ReadFile(options.at("--tls-client-ca"));
  tls.pem_key_cert_pairs.push_back(
      {ReadFile(options.at("--tls-key")), ReadFile(options.at("--tls-cert"))});
  return grpc::SslServerCredentials(tls);
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, std::string> options = ParseOptions(argc, argv);
  Settings settings;
  if (options.empty() || !ReadLimits(options, settings.limits)) {
    std::cerr << "usage: " << argv[0]
              << " [--listen unix:/path|ADDRESS:PORT] [--guests NAME,NAME...]\n"
                 "       [--tls-cert FILE --tls-key FILE --tls-client-ca FILE]\n"
                 "       [--max-rate BYTES_PER_SECOND] [--max-places ADDRESSES]\n"
                 "       [--max-connects N [--connect-window SECONDS]]\n";
    return 2;
  }
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGINT);
  sigaddset(&stop_signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);  // before gRPC starts its threads

  std::stringstream guests(options.at("--guests"));
  for (std::string name; std::getline(guests, name, ',');) settings.guests.insert(name);
  Policy policy(settings);
  std::string listen = options.at("--listen");
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(listen, Credentials(options), &port);
  builder.RegisterService(&policy);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  if (listen.rfind("unix:", 0) != 0) {  // port 0 takes a free one
    listen = listen.substr(0, listen.rfind(':') + 1) + std::to_string(port);
  }
  std::cout << "policy listens on " << listen << std::endl;
  int signal_number = 0;
  sigwait(&stop_signals, &signal_number);
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(500));
}
