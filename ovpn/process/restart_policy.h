// Whether and when a child that ended is started again. Pure: the caller tells the time and starts
// the child. Owned by an instance; loop thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>

#include "ovpn/base/backoff.h"
#include "ovpn/base/clock.h"
#include "ovpn/process/launcher.h"

namespace ovpnbroker::ovpn {

enum class RestartMode {
  kAlways,     // whatever the exit status
  kOnFailure,  // unless it exited with code 0
  kNever,
};

// No child is started more often than this, whatever is configured.
inline constexpr Duration kMinRestartDelay = std::chrono::seconds(1);

struct RestartOptions {
  RestartMode mode = RestartMode::kAlways;
  Duration initial_delay = std::chrono::seconds(1);  // at least kMinRestartDelay
  Duration max_delay = std::chrono::seconds(60);
  // A child that ran this long was healthy: the next delay is the initial one again.
  Duration stable_after = std::chrono::seconds(60);
  // So many deaths within the window fail the instance for good; 0: never give up.
  int max_deaths = 10;
  Duration death_window = std::chrono::minutes(10);
};

// What to do about a child that ended.
struct RestartDecision {
  enum class Action {
    kRestart,  // after `delay`
    kStop,     // done: the mode asks for no restart after this exit
    kFail,     // failed for good
  };
  Action action = Action::kFail;
  Duration delay{};    // with kRestart
  std::string reason;  // a clause for the log: "10 deaths within 600 s"
};

class RestartPolicy {
 public:
  // `seed` makes the jitter repeatable in tests.
  explicit RestartPolicy(const RestartOptions& options, uint64_t seed = std::random_device{}());

  // A child was started.
  void OnStarted(SteadyTime now) { started_ = now; }
  // The child ended by itself (not on our order), at `now`.
  RestartDecision OnExited(const ExitStatus& status, SteadyTime now);
  // An attempt to start failed before there was a child (preflight, spawn): a death like any other,
  // restarted under every mode but kNever.
  RestartDecision OnStartFailed(SteadyTime now);
  // An operator started or restarted the instance: old deaths are forgotten.
  void Reset();

  // Deaths inside the window that ends at `now`.
  int deaths(SteadyTime now) const;

 private:
  RestartDecision CountDeath(SteadyTime now);

  RestartOptions options_;
  Backoff backoff_;
  std::optional<SteadyTime> started_;
  std::deque<SteadyTime> deaths_;
};

}  // namespace ovpnbroker::ovpn
