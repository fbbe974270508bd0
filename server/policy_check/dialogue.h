// What most checks begin with: a stream that is past its handshake, questions, and their answers.
// Breaks of the contract are collected as text, first one first. One thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "server/policy_check/broker_side.h"
#include "server/policy_check/contract.h"

namespace ovpnbroker::policy_check {

// Bytes that a client would keep to itself; no answer may hold them.
inline constexpr char kSecretPassword[] = "kX9-password-that-nobody-may-see";

// The names that the rules ask about: policies differ by name, so a few are tried.
inline constexpr const char* kNames[] = {"alice", "bob", "policy-check", ""};

// Decisions that the check allows a policy at once.
inline constexpr int kMaxInFlight = 64;

Outcome Failed(std::string detail);
Outcome Skipped(std::string reason);

// A whole question: a client `name` that connects. With `password` it carries credentials.
policy::v1::DecisionRequest MakeQuestion(const std::string& name, const Target& target);
void AddPassword(policy::v1::DecisionRequest& question);
Request AsMessage(const policy::v1::DecisionRequest& question);

policy::v1::Hello MakeHello(const std::vector<policy::v1::Capability>& offered,
                            const Target& target);
const std::vector<policy::v1::Capability>& AllCapabilities();

class Dialogue {
 public:
  // Greets. `error()` tells when that failed.
  explicit Dialogue(const Target& target,
                    const std::vector<policy::v1::Capability>& offered = AllCapabilities());

  bool ok() const { return error_.empty(); }
  const std::string& error() const { return error_; }
  const policy::v1::HelloAck& ack() const { return ack_; }
  bool Has(policy::v1::Capability capability) const;
  // The lower of both sides' limits.
  int max_in_flight() const;
  BrokerSide& stream() { return stream_; }

  bool Send(const Request& message);
  // Asks all, with at most `max_in_flight` open, and returns the verdicts by id. Answers commands
  // on the way. A missing, double or foreign answer is an error.
  std::map<std::string, policy::v1::Decision> Ask(
      const std::vector<policy::v1::DecisionRequest>& questions);
  // One question; with `what` in the error.
  bool AskOne(const policy::v1::DecisionRequest& question, const std::string& what,
              policy::v1::Decision* decision = nullptr);
  // What came and was neither a verdict nor a command.
  const std::vector<Response>& others() const { return others_; }
  void Fail(const std::string& why);

 private:
  void Greet(const std::vector<policy::v1::Capability>& offered);
  std::string WhyNothingCame();

  const Target& target_;
  BrokerSide stream_;
  policy::v1::HelloAck ack_;
  std::vector<Response> others_;
  std::string error_;
};

}  // namespace ovpnbroker::policy_check
