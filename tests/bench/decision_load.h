// The broker's side of a benchmark: the engine and its timer on a loop, asking one policy as the
// daemon does, decision log included. One thread.
#pragma once

#include <asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ovpn/base/clock.h"
#include "policy/decision_log.h"
#include "policy/engine.h"
#include "policy/engine_timer.h"
#include "policy/stream/stream_policy.h"
#include "tests/bench/dropping_logger.h"
#include "tests/bench/sample_connect.h"

namespace ovpnbroker::bench {

class DecisionLoad {
 public:
  // Called when a decision was answered: the time from Submit.
  using OnAnswer = std::function<void(const ovpn::DecisionId&, ovpn::Duration latency)>;

  DecisionLoad();
  // The policy that it asks is made on loop().
  ~DecisionLoad();

  asio::io_context& loop() { return loop_; }
  const ovpn::Clock& clock() const { return clock_; }
  ovpn::Logger& logger() { return logger_; }
  void SetPolicy(std::shared_ptr<policy::Policy> policy) { policy_ = std::move(policy); }
  void SetListener(OnAnswer listener) { on_answer_ = std::move(listener); }

  // A remote policy with replicas at `addresses`, all of them ready. Ends the program when they do
  // not become so.
  std::shared_ptr<policy::StreamPolicy> DialPolicy(const std::vector<std::string>& addresses,
                                                   int max_in_flight);

  // Asks once; the answer comes while the loop runs, or at once. Gives the decision's id.
  ovpn::DecisionId Submit();
  // Asks `count` times, `window` at once; gives the time it took.
  ovpn::Duration Run(size_t count, size_t window);

  size_t answered() const { return answered_; }
  // Anything but an allow is a mistake of the benchmark.
  bool all_allowed() const { return allowed_ == answered_; }

 private:
  asio::io_context loop_;
  const ovpn::SystemClock clock_;
  DroppingLogger logger_;
  const SampleConnect sample_;
  policy::DecisionLog log_;
  std::shared_ptr<policy::Policy> policy_;
  policy::DecisionEngine engine_;
  policy::EngineTimer timer_;
  const std::shared_ptr<const policy::EngineOptions> options_;
  OnAnswer on_answer_;
  uint64_t next_cid_ = 0;
  size_t answered_ = 0;
  size_t allowed_ = 0;
};

}  // namespace ovpnbroker::bench
