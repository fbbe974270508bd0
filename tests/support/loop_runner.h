// Runs a loop until something has happened, with a fail-safe: a lost event fails the test, it does
// not hang it.
#pragma once

#include <asio/io_context.hpp>
#include <chrono>
#include <functional>

namespace ovpnbroker::test {

// No healthy test needs it; sanitizers on a busy machine may need much of it.
inline constexpr std::chrono::seconds kFailSafe{20};

// Runs handlers until `done` is true, checked after each handler; false when kFailSafe passed
// first.
inline bool RunUntil(asio::io_context& loop, const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + kFailSafe;
  loop.restart();
  while (!done()) {
    if (loop.run_one_until(deadline) > 0) continue;
    if (std::chrono::steady_clock::now() >= deadline) return done();
    if (loop.stopped()) return done();  // nothing is left that could make it true
  }
  return true;
}

// Runs what can run now, without waiting.
inline void RunReady(asio::io_context& loop) {
  loop.restart();
  loop.poll();
}

}  // namespace ovpnbroker::test
