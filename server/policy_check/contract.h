// The numbered contract that every policy keeps, one check for each rule. Numbers are stable: a new
// rule gets the next one.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace ovpnbroker::policy_check {

// Where the policy is and how patient the check is.
struct Target {
  std::shared_ptr<grpc::Channel> channel;
  // For HelloAck; the contract gives 5 s.
  std::chrono::milliseconds handshake_timeout{5000};
  // For each verdict.
  std::chrono::milliseconds decision_timeout{2000};
};

struct Outcome {
  enum class Kind { kPassed, kFailed, kSkipped };
  Kind kind = Kind::kPassed;
  std::string detail;  // failed: what came instead; skipped: why
};

struct Rule {
  int number;
  const char* title;
  const char* expected;  // what the contract says
  const char* fix;       // what to change in a policy that fails
  Outcome (*check)(const Target& target);
};

// All rules, by number.
const std::vector<Rule>& Contract();

// Of the rules: one function each, in the file of its group.
Outcome CheckHandshake(const Target& target);
Outcome CheckOneHelloAck(const Target& target);
Outcome CheckCapabilities(const Target& target);
Outcome CheckHelloAckLimits(const Target& target);
Outcome CheckDrain(const Target& target);
Outcome CheckReconnect(const Target& target);
Outcome CheckHeartbeat(const Target& target);

Outcome CheckAnswer(const Target& target);
Outcome CheckVerdictReadable(const Target& target);
Outcome CheckIdempotent(const Target& target);
Outcome CheckBurst(const Target& target);
Outcome CheckReauth(const Target& target);
Outcome CheckNoSecretEchoed(const Target& target);
Outcome CheckMissingPassword(const Target& target);
Outcome CheckDryRun(const Target& target);

Outcome CheckCancellation(const Target& target);
Outcome CheckOutcomes(const Target& target);
Outcome CheckUnknown(const Target& target);
Outcome CheckNotUtf8(const Target& target);
Outcome CheckLargeEnvironment(const Target& target);
Outcome CheckSessionEvents(const Target& target);

Outcome CheckSteps(const Target& target);
Outcome CheckChallengeResponse(const Target& target);

}  // namespace ovpnbroker::policy_check
