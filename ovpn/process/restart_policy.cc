#include "ovpn/process/restart_policy.h"

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "absl/strings/str_cat.h"

namespace ovpnbroker::ovpn {
namespace {

Backoff::Options BackoffOptions(const RestartOptions& options) {
  const Duration initial = std::max(options.initial_delay, kMinRestartDelay);
  return {.initial = initial, .maximum = std::max(options.max_delay, initial)};
}

}  // namespace

RestartPolicy::RestartPolicy(const RestartOptions& options, uint64_t seed)
    : options_(options), backoff_(BackoffOptions(options), seed) {}

RestartDecision RestartPolicy::OnExited(const ExitStatus& status, SteadyTime now) {
  using Action = RestartDecision::Action;
  switch (options_.mode) {
    case RestartMode::kAlways:
      return CountDeath(now);
    case RestartMode::kOnFailure:
      if (status.success())
        return {Action::kStop, {}, "it succeeded and is restarted on failure only"};
      return CountDeath(now);
    case RestartMode::kNever:
      return {status.success() ? Action::kStop : Action::kFail, {}, "it is never restarted"};
  }
  return {Action::kFail, {}, "unknown restart mode"};
}

RestartDecision RestartPolicy::OnStartFailed(SteadyTime now) {
  if (options_.mode == RestartMode::kNever) {
    return {RestartDecision::Action::kFail, {}, "it is never restarted"};
  }
  return CountDeath(now);
}

void RestartPolicy::Reset() {
  backoff_.Reset();
  started_.reset();
  deaths_.clear();
}

int RestartPolicy::deaths(SteadyTime now) const {
  return static_cast<int>(std::count_if(deaths_.begin(), deaths_.end(), [&](SteadyTime death) {
    return now - death < options_.death_window;
  }));
}

RestartDecision RestartPolicy::CountDeath(SteadyTime now) {
  if (started_.has_value() && now - *started_ >= options_.stable_after) backoff_.Reset();
  started_.reset();

  deaths_.push_back(now);
  while (now - deaths_.front() >= options_.death_window) deaths_.pop_front();
  const auto window = std::chrono::duration_cast<std::chrono::seconds>(options_.death_window);
  const std::string tally = absl::StrCat(deaths_.size(), " death(s) within ", window.count(), " s");
  if (options_.max_deaths > 0 && deaths_.size() >= static_cast<size_t>(options_.max_deaths)) {
    return {RestartDecision::Action::kFail, {}, tally};
  }
  // Jitter may take a delay below the floor.
  return {RestartDecision::Action::kRestart, std::max(backoff_.Next(), kMinRestartDelay), tally};
}

}  // namespace ovpnbroker::ovpn
