#include "server/policy_check/dialogue.h"

#include <algorithm>
#include <atomic>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace ovpnbroker::policy_check {
namespace {

namespace v1 = policy::v1;
using std::chrono::steady_clock;

constexpr char kEpoch[] = "policy-check";
constexpr std::chrono::milliseconds kEndGrace{200};

// In the form of a version 7 UUID; counts up, so that a report's ids can be told apart.
std::string NewId() {
  static std::atomic<unsigned> count{0};
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  return absl::StrFormat("%08x-%04x-7000-8000-%012x", now >> 16, now & 0xffff, ++count);
}

void SetDuration(std::chrono::milliseconds from, google::protobuf::Duration& to) {
  constexpr int64_t kMillisecondsPerSecond = 1000;
  constexpr int32_t kNanosPerMillisecond = 1'000'000;
  to.set_seconds(from.count() / kMillisecondsPerSecond);
  to.set_nanos(static_cast<int32_t>(from.count() % kMillisecondsPerSecond) * kNanosPerMillisecond);
}

}  // namespace

Outcome Failed(std::string detail) { return {Outcome::Kind::kFailed, std::move(detail)}; }
Outcome Skipped(std::string reason) { return {Outcome::Kind::kSkipped, std::move(reason)}; }

v1::DecisionRequest MakeQuestion(const std::string& name, const Target& target) {
  v1::DecisionRequest question;
  question.set_decision_id(NewId());
  question.set_attempt(1);
  question.set_kind(v1::DecisionRequest::KIND_CONNECT);
  auto& session = *question.mutable_session();
  session.set_uid(NewId());
  session.set_instance("policy-check");
  session.set_name(absl::StrCat("instances/policy-check/sessions/", session.uid()));
  session.set_epoch(1);
  session.set_state(type::v1::Session::STATE_PENDING);
  session.set_username(name);
  session.set_common_name(name);
  session.set_real_address("192.0.2.7:50123");
  session.set_platform("linux");
  session.set_client_version("2.6.14");
  auto& environment = *question.mutable_environment();
  environment["username"] = name;
  environment["common_name"] = name;
  environment["IV_PLAT"] = "linux";
  environment["IV_VER"] = "2.6.14";
  environment["untrusted_ip"] = "192.0.2.7";
  SetDuration(target.decision_timeout, *question.mutable_timeout());
  return question;
}

void AddPassword(v1::DecisionRequest& question) {
  question.mutable_credentials()->set_username(question.session().username());
  question.mutable_credentials()->set_password(kSecretPassword);
}

Request AsMessage(const v1::DecisionRequest& question) {
  Request message;
  *message.mutable_decision_request() = question;
  return message;
}

v1::Hello MakeHello(const std::vector<v1::Capability>& offered, const Target& target) {
  v1::Hello hello;
  hello.set_broker_id("ovpn-policy-check");
  hello.set_broker_epoch(kEpoch);
  hello.set_broker_version(OVPNBROKER_VERSION);
  hello.set_policy("checked");
  hello.set_mode(v1::MODE_ENFORCE);
  for (const v1::Capability capability : offered) hello.add_capabilities(capability);
  hello.set_max_in_flight(kMaxInFlight);
  SetDuration(target.decision_timeout, *hello.mutable_decision_timeout());
  SetDuration(target.decision_timeout, *hello.mutable_max_decision_timeout());
  SetDuration(target.handshake_timeout, *hello.mutable_heartbeat_interval());
  return hello;
}

const std::vector<v1::Capability>& AllCapabilities() {
  static const auto* const kAll = [] {
    auto* all = new std::vector<v1::Capability>;
    for (int number = 1; number <= v1::Capability_MAX; ++number) {
      if (v1::Capability_IsValid(number)) all->push_back(static_cast<v1::Capability>(number));
    }
    return all;
  }();
  return *kAll;
}

Dialogue::Dialogue(const Target& target, const std::vector<v1::Capability>& offered)
    : target_(target), stream_(target.channel) {
  Greet(offered);
}

void Dialogue::Greet(const std::vector<v1::Capability>& offered) {
  Request message;
  *message.mutable_hello() = MakeHello(offered, target_);
  stream_.Send(message);
  const auto first = stream_.Next(steady_clock::now() + target_.handshake_timeout);
  if (!first.has_value()) {
    Fail(absl::StrCat("no hello_ack: ", WhyNothingCame()));
  } else if (!first->has_hello_ack()) {
    Fail(
        absl::StrCat("the first message is not hello_ack but { ", first->ShortDebugString(), " }"));
  } else {
    ack_ = first->hello_ack();
  }
}

std::string Dialogue::WhyNothingCame() {
  const auto end = stream_.WaitEnd(steady_clock::now() + kEndGrace);
  if (!end.has_value()) return "silence";
  return absl::StrCat("the stream ended with status ", static_cast<int>(end->error_code()), " \"",
                      end->error_message(), "\"");
}

void Dialogue::Fail(const std::string& why) {
  if (error_.empty()) error_ = why;
}

bool Dialogue::Has(v1::Capability capability) const {
  return std::count(ack_.capabilities().begin(), ack_.capabilities().end(), capability) != 0;
}

int Dialogue::max_in_flight() const {
  return ack_.max_in_flight() > 0 ? std::min(ack_.max_in_flight(), kMaxInFlight) : kMaxInFlight;
}

bool Dialogue::Send(const Request& message) {
  if (!ok()) return false;
  if (!stream_.Send(message)) Fail(absl::StrCat("the policy hung up: ", WhyNothingCame()));
  return ok();
}

std::map<std::string, v1::Decision> Dialogue::Ask(
    const std::vector<v1::DecisionRequest>& questions) {
  std::map<std::string, v1::Decision> answers;
  std::map<std::string, SteadyTime> open;
  size_t next = 0;
  while (ok() && (next < questions.size() || !open.empty())) {
    if (next < questions.size() && open.size() < static_cast<size_t>(max_in_flight())) {
      const v1::DecisionRequest& question = questions[next++];
      open[question.decision_id()] = steady_clock::now() + target_.decision_timeout;
      Send(AsMessage(question));
      continue;
    }
    const auto first_due = std::min_element(
        open.begin(), open.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    auto message = stream_.Next(first_due->second);
    if (!message.has_value()) {
      Fail(absl::StrCat("no verdict for ", first_due->first, " within ",
                        target_.decision_timeout.count(), " ms: ", WhyNothingCame()));
    } else if (message->has_decision()) {
      const std::string id = message->decision().decision_id();
      if (open.erase(id) == 0) {
        Fail(absl::StrCat(answers.count(id) != 0 ? "a second verdict for '"
                                                 : "a verdict for a decision that is not open: '",
                          id, "'"));
      }
      answers[id] = std::move(*message->mutable_decision());
    } else if (message->has_command()) {
      Request result;
      result.mutable_command_result()->set_command_id(message->command().command_id());
      result.mutable_command_result()->mutable_status();
      Send(result);
      others_.push_back(*std::move(message));
    } else {
      others_.push_back(*std::move(message));
    }
  }
  return answers;
}

bool Dialogue::AskOne(const v1::DecisionRequest& question, const std::string& what,
                      v1::Decision* decision) {
  const bool was_ok = ok();
  auto answers = Ask({question});
  if (was_ok && !ok()) error_ = absl::StrCat(what, ": ", error_);
  if (!ok()) return false;
  if (decision != nullptr) *decision = std::move(answers[question.decision_id()]);
  return true;
}

}  // namespace ovpnbroker::policy_check
