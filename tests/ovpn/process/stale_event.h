// An event of a closed descriptor that is still queued in the loop. Asio 1.22 keeps its bookkeeping
// of closed descriptors for the next ones, so the next descriptor that the loop gets is told that
// it is ready although it is not.
#pragma once

#include <unistd.h>

#include <array>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include "gtest/gtest.h"

namespace ovpnbroker::test {

inline void LeaveStaleEvent(asio::io_context& loop) {
  // Two descriptors that are ready at once: the loop queues both and is stopped after the first.
  std::array<int, 2> first{}, second{};
  ASSERT_EQ(pipe(first.data()), 0);
  ASSERT_EQ(pipe(second.data()), 0);
  asio::posix::stream_descriptor a(loop, first[0]), b(loop, second[0]);
  close(first[1]);
  close(second[1]);
  int ready = 0;
  const auto count = [&ready](const asio::error_code& error) { ready += error ? 0 : 1; };
  a.async_wait(asio::posix::descriptor_base::wait_read, count);
  b.async_wait(asio::posix::descriptor_base::wait_read, count);
  loop.restart();
  while (ready == 0) ASSERT_GT(loop.run_one(), 0u);
  ASSERT_EQ(ready, 1);
  // The next descriptor gets the bookkeeping that was given back last.
  a.close();
  b.close();
}

}  // namespace ovpnbroker::test
