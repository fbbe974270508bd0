// Rules about the stream itself: how it begins, shows that it lives, and ends.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/policy_check/dialogue.h"

namespace ovpnbroker::policy_check {
namespace {

namespace v1 = policy::v1;
using std::chrono::steady_clock;

constexpr int kMaxEnvironmentNames = 64;
constexpr int kReconnects = 5;
// A number that no capability has.
constexpr int kUnknownCapability = 4999;
constexpr int64_t kHeartbeatSequence = 41;

Outcome Result(const Dialogue& dialogue) {
  return dialogue.ok() ? Outcome{} : Failed(dialogue.error());
}

}  // namespace

Outcome CheckHandshake(const Target& target) { return Result(Dialogue(target)); }

Outcome CheckOneHelloAck(const Target& target) {
  Dialogue dialogue(target);
  dialogue.AskOne(MakeQuestion("policy-check", target), "after the handshake");
  for (const Response& message : dialogue.others()) {
    if (message.has_hello_ack()) dialogue.Fail("a second hello_ack came");
  }
  return Result(dialogue);
}

Outcome CheckCapabilities(const Target& target) {
  auto offered = AllCapabilities();
  offered.push_back(static_cast<v1::Capability>(kUnknownCapability));
  Dialogue all(target, offered);
  if (!all.ok()) return Failed(all.error());
  for (const int capability : all.ack().capabilities()) {
    if (!v1::Capability_IsValid(capability) || capability == v1::CAPABILITY_UNSPECIFIED) {
      return Failed(absl::StrCat("hello_ack switches on ", capability,
                                 ", which is not a capability of this contract"));
    }
  }
  Dialogue none(target, {});
  if (none.ok() && none.ack().capabilities_size() != 0) {
    none.Fail(absl::StrCat("nothing was offered, but hello_ack switches on ",
                           v1::Capability_Name(none.ack().capabilities(0))));
  }
  for (const char* name : kNames) {
    v1::DecisionRequest question = MakeQuestion(name, target);
    question.add_pending_auth_methods("crtext");
    v1::Decision decision;
    if (!none.AskOne(question, "with nothing offered", &decision)) break;
    if (decision.has_pending_auth()) none.Fail("pending_auth came without its capability");
  }
  for (const Response& message : none.others()) {
    if (message.has_command() || message.has_deadline_extension() || message.has_event_ack()) {
      none.Fail(absl::StrCat("a message came without its capability: { ",
                             message.ShortDebugString(), " }"));
    }
  }
  return Result(none);
}

Outcome CheckHelloAckLimits(const Target& target) {
  Dialogue dialogue(target);
  if (dialogue.ack().max_in_flight() < 0) {
    dialogue.Fail(absl::StrCat("max_in_flight is ", dialogue.ack().max_in_flight()));
  }
  if (dialogue.ack().environment_names_size() > kMaxEnvironmentNames) {
    dialogue.Fail(absl::StrCat("environment_names has ", dialogue.ack().environment_names_size(),
                               " patterns"));
  }
  return Result(dialogue);
}

Outcome CheckHeartbeat(const Target& target) {
  Dialogue dialogue(target);
  Request message;
  message.mutable_heartbeat()->set_sequence(kHeartbeatSequence);
  if (!dialogue.Send(message)) return Result(dialogue);
  const auto deadline = steady_clock::now() + target.decision_timeout;
  while (const auto answer = dialogue.stream().Next(deadline)) {
    if (!answer->has_heartbeat()) continue;
    if (answer->heartbeat().sequence() == kHeartbeatSequence) return {};
    return Failed(absl::StrCat("the echo has sequence ", answer->heartbeat().sequence(),
                               " instead of ", kHeartbeatSequence));
  }
  return Failed("the heartbeat was not answered");
}

Outcome CheckDrain(const Target& target) {
  Dialogue dialogue(target);
  Request drain;
  drain.mutable_drain()->set_reason("policy-check");
  dialogue.Send(drain);
  if (!dialogue.ok()) return Result(dialogue);
  dialogue.stream().CloseWrites();
  const auto end = dialogue.stream().WaitEnd(steady_clock::now() + target.handshake_timeout);
  if (!end.has_value()) return Failed("the stream was still open after the broker closed its side");
  if (!end->ok()) {
    return Failed(absl::StrCat("the stream ended with status ", static_cast<int>(end->error_code()),
                               " \"", end->error_message(), "\" instead of OK"));
  }
  return {};
}

Outcome CheckReconnect(const Target& target) {
  for (int i = 1; i <= kReconnects; ++i) {
    Dialogue dying(target);
    dying.Send(AsMessage(MakeQuestion("policy-check", target)));
    if (!dying.ok()) return Failed(absl::StrCat("connection ", i, ": ", dying.error()));
    dying.stream().Cancel();
  }
  Dialogue dialogue(target);
  dialogue.AskOne(MakeQuestion("policy-check", target), "after the reconnects");
  return Result(dialogue);
}

}  // namespace ovpnbroker::policy_check
