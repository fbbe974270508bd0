// What a stuck policy replica does to everybody else: three replicas, each a process of its own,
// asked at a steady rate; in every other phase one of them is frozen with SIGSTOP. The decisions
// that were given to the frozen replica are left out: they wait for it, or for their second
// attempt.
#include <asio/steady_timer.hpp>
#include <cstdlib>
#include <iostream>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "tests/bench/decision_load.h"
#include "tests/bench/policy_process.h"
#include "tests/bench/ratio.h"

namespace ovpnbroker::bench {
namespace {

constexpr size_t kRounds = 7;
constexpr int kMaxInFlight = 64;
constexpr std::chrono::seconds kPhase{2};
constexpr std::chrono::microseconds kInterval{1000};
constexpr double kPercentile = 0.99;

class StuckReplica {
 public:
  StuckReplica()
      : policy_(load_.DialPolicy(
            {replicas_[0].address(), replicas_[1].address(), replicas_[2].address()},
            kMaxInFlight)) {
    load_.SetListener([this](const ovpn::DecisionId& id, ovpn::Duration latency) {
      const double micros = std::chrono::duration<double, std::micro>(latency).count();
      if (of_stuck_.contains(id)) {
        slowest_of_stuck_ = std::max(slowest_of_stuck_, micros);
      } else {
        latencies_.push_back(micros);
      }
    });
  }

  // The p99 in microseconds of the decisions that other replicas than the frozen one were asked
  // for.
  double Phase(bool freeze) {
    latencies_.clear();
    of_stuck_.clear();
    if (freeze) replicas_[0].Freeze();
    const size_t before = load_.answered();
    const size_t submitted = SubmitSteadily(freeze);
    if (freeze) replicas_[0].Thaw();
    while (load_.answered() - before < submitted) load_.loop().run_one();
    return Percentile(latencies_, kPercentile);
  }

  size_t stuck_decisions() const { return of_stuck_.size(); }
  double slowest_of_stuck() const { return slowest_of_stuck_; }
  bool all_allowed() const { return load_.all_allowed(); }

 private:
  size_t SubmitSteadily(bool frozen) {
    asio::steady_timer pace(load_.loop());
    const ovpn::SteadyTime end = load_.clock().Now() + kPhase;
    ovpn::SteadyTime next = load_.clock().Now();
    size_t submitted = 0;
    while (next < end) {
      bool due = false;
      pace.expires_at(next);
      pace.async_wait([&due](const asio::error_code&) { due = true; });
      while (!due) load_.loop().run_one();
      const size_t held = policy_->Replicas().front().in_flight;
      const ovpn::DecisionId id = load_.Submit();
      if (frozen && policy_->Replicas().front().in_flight > held) of_stuck_.insert(id);
      ++submitted;
      next += kInterval;
    }
    return submitted;
  }

  const PolicyProcess replicas_[3];
  DecisionLoad load_;
  const std::shared_ptr<policy::StreamPolicy> policy_;
  std::vector<double> latencies_;
  absl::flat_hash_set<ovpn::DecisionId> of_stuck_;
  double slowest_of_stuck_ = 0;
};

int Main() {
  StuckReplica bench;
  bench.Phase(false);  // warm up
  std::vector<double> healthy, stuck, moved;
  for (size_t round = 0; round < kRounds; ++round) {
    healthy.push_back(bench.Phase(false));
    stuck.push_back(bench.Phase(true));
    moved.push_back(stuck.back() / healthy.back());
  }
  if (!bench.all_allowed()) {
    std::cerr << "not every decision was an allow\n";
    return EXIT_FAILURE;
  }
  Inform("p99, all replicas healthy", Median(healthy), "us");
  Inform("p99 of the others, one replica stuck", Median(stuck), "us");
  Inform("decisions that the stuck replica held, last round",
         static_cast<double>(bench.stuck_decisions()), "of 2000");
  Inform("slowest of those, all rounds", bench.slowest_of_stuck() / 1e6, "s");
  Report({"p99 with one of three replicas stuck", Median(moved), Ratio::Bound::kAtMost, 1.1,
          "the same with all healthy", "x"});
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace ovpnbroker::bench

int main(int argc, char** argv) {
  ovpnbroker::bench::ServeIfAsked(argc, argv);
  return ovpnbroker::bench::Main();
}
