#include "tests/bench/decision_load.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <utility>
#include <variant>

namespace ovpnbroker::bench {
namespace {

constexpr std::chrono::seconds kDialPatience{10};

[[noreturn]] void Die(const std::string& why) {
  std::cerr << why << '\n';
  std::exit(EXIT_FAILURE);
}

}  // namespace

DecisionLoad::DecisionLoad()
    : log_(logger_),
      engine_(clock_, policy::EngineLimits{}, {&log_}),
      timer_(loop_, engine_),
      options_(std::make_shared<const policy::EngineOptions>()) {}

DecisionLoad::~DecisionLoad() { engine_.Shutdown(); }

std::shared_ptr<policy::StreamPolicy> DecisionLoad::DialPolicy(
    const std::vector<std::string>& addresses, int max_in_flight) {
  policy::StreamPolicyOptions options;
  options.name = "bench";
  options.addresses = addresses;
  options.broker = {"bench", "1", OVPNBROKER_VERSION};
  options.max_in_flight = max_in_flight;
  auto made = policy::StreamPolicy::Create(loop_, clock_, logger_, std::move(options));
  if (!made.ok()) Die(std::string(made.status().message()));
  const std::shared_ptr<policy::StreamPolicy> remote = *std::move(made);
  const auto all_ready = [&remote] {
    const std::vector<policy::ReplicaStatus> replicas = remote->Replicas();
    return std::all_of(replicas.begin(), replicas.end(), [](const auto& replica) {
      return replica.state == policy::ReplicaState::kReady;
    });
  };
  const ovpn::SteadyTime deadline = clock_.Now() + kDialPatience;
  while (!all_ready()) {
    if (loop_.run_one_until(deadline) == 0) Die("the policy did not become ready");
  }
  policy_ = remote;
  return remote;
}

ovpn::DecisionId DecisionLoad::Submit() {
  const ovpn::DecisionId id = ovpn::NewUuid7(clock_.WallNow());
  const ovpn::SteadyTime start = clock_.Now();
  policy::Decision decision(id, sample_.MakeRequest(next_cid_++), options_,
                            [this, id, start](const ovpn::Verdict& verdict) {
                              ++answered_;
                              if (std::holds_alternative<ovpn::Allow>(verdict)) ++allowed_;
                              if (on_answer_ != nullptr) on_answer_(id, clock_.Now() - start);
                              return policy::AnswerResult::Queued();
                            });
  engine_.Submit(std::move(decision), policy_);
  return id;
}

ovpn::Duration DecisionLoad::Run(size_t count, size_t window) {
  const size_t goal = answered_ + count;
  size_t submitted = answered_;
  const ovpn::SteadyTime start = clock_.Now();
  while (answered_ < goal) {
    if (submitted < goal && submitted - answered_ < window) {
      Submit();
      ++submitted;
    } else {
      loop_.run_one();
    }
  }
  return clock_.Now() - start;
}

}  // namespace ovpnbroker::bench
