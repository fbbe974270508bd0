// How decisions of one instance are timed and what happens when no verdict comes. Made from the
// instance's configuration; immutable and shared, so that a decision keeps the options it began
// with when the configuration is reloaded. Plain values; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "ovpn/base/clock.h"

namespace ovpnbroker::policy {

// Input of the failure rules (policy/failure_rules.h).
struct FailureOptions {
  enum class Mode {
    kDeny,   // the default: without a verdict nobody gets in
    kAllow,  // infrastructure failures admit the client; logged and counted at each use
  };

  Mode mode = Mode::kDeny;
  // The client is asked to come back by itself after this time.
  std::chrono::seconds retry_backoff{5};
  // What the client reads when a failure denies it.
  std::string client_reason = "service unavailable";
  // Opt-in for REAUTH: a session whose last allow by its policy is younger than this stays when no
  // verdict comes.
  std::optional<ovpn::Duration> keep_last_max_age;
};

// hand-window > decision_timeout > attempt_timeout is checked when the configuration is loaded.
struct EngineOptions {
  // From Submit to the answer, over all attempts.
  ovpn::Duration decision_timeout = std::chrono::seconds(5);
  // From one Ask to the next, when the first did not answer.
  ovpn::Duration attempt_timeout = std::chrono::seconds(2);
  // No further attempt is begun with less than this left.
  ovpn::Duration min_retry_budget = std::chrono::milliseconds(500);
  int max_attempts = 3;  // at least 1; counted anew after each answer of the client to a step
  // A policy may ask once for more time, up to this from Submit; nullopt: it may not.
  std::optional<ovpn::Duration> max_decision_timeout = std::nullopt;
  // Further steps (PendingAuth) that one decision may put to its client.
  int max_steps = 8;
  // Open decisions of the instance; one more is answered as overloaded.
  size_t max_open_decisions = 4096;
  FailureOptions failure;
};

// Limits of the whole engine, over all instances.
struct EngineLimits {
  // One more is answered as overloaded.
  size_t max_open_decisions = 20000;
  // Ended decisions stay this long, and at most this many, for outcomes and late replies. The age
  // covers OpenVPN's default hand-window of 60 s: ESTABLISHED cannot come later.
  ovpn::Duration memory_age = std::chrono::seconds(90);
  size_t max_remembered_decisions = 16384;
};

}  // namespace ovpnbroker::policy
