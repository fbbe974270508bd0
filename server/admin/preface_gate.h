// Connections to an admin socket until they have said that they speak HTTP/2. gRPC would keep one
// that says nothing for as long as it likes, so it is given only those whose first bytes are
// HTTP/2's; the others are closed after a time, or when too many wait: the oldest first, since a
// client of gRPC speaks at once. Owned by its listener; loop thread only.
#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/deadline_timer.h"
#include "ovpn/base/unique_fd.h"

namespace ovpnbroker::server {

class PrefaceGate {
 public:
  static constexpr std::chrono::seconds kMaxSilence{10};
  static constexpr size_t kMaxWaiting = 64;
  // Closed connections are told of this often at most: whoever opens them must not fill the log.
  static constexpr std::chrono::minutes kReportInterval{1};

  struct Listener {
    // It speaks HTTP/2; nothing of it has been read. Perhaps from inside Enter.
    std::function<void(ovpn::UniqueFd)> on_http2;
    // One was closed, the last of `count` that have been since the last report. One that its client
    // closed without a word is none of them.
    std::function<void(absl::string_view why, size_t count)> on_closed;
  };

  // All outlive this, which must not be destroyed from inside a callback.
  PrefaceGate(asio::io_context& loop, const ovpn::Clock& clock, Listener listener);
  PrefaceGate(const PrefaceGate&) = delete;
  PrefaceGate& operator=(const PrefaceGate&) = delete;

  // `connection` does not block.
  void Enter(ovpn::UniqueFd connection);

 private:
  struct Waiting {
    asio::posix::stream_descriptor socket;
    ovpn::SteadyTime deadline;
  };

  void Wait(const std::shared_ptr<Waiting>& waiting);
  void OnReadable(const std::shared_ptr<Waiting>& waiting);
  void OnDeadline();
  void CloseOldest(absl::string_view why);
  void Remove(const std::shared_ptr<Waiting>& waiting);
  void Report(absl::string_view why);

  asio::io_context& loop_;
  const ovpn::Clock& clock_;
  const Listener listener_;
  std::vector<std::shared_ptr<Waiting>> waiting_;  // the oldest first; nobody else owns them
  ovpn::DeadlineTimer timer_;                      // of the oldest
  size_t unreported_ = 0;
  ovpn::SteadyTime next_report_ = ovpn::SteadyTime::min();
};

}  // namespace ovpnbroker::server
