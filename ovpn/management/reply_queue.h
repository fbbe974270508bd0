// Which command a reply belongs to: OpenVPN answers in order and names nothing. A pure state
// machine that takes `now` as an argument. Owned by the Connection; loop thread only.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/clock.h"

namespace ovpnbroker::ovpn {

struct Reply {
  bool success = false;            // false: OpenVPN answered ERROR
  std::string text;                // of a one-line reply, without "SUCCESS: " or "ERROR: "
  std::vector<std::string> lines;  // of a multi-line reply, without END
};

// Gets the reply (also an ERROR one), or why there is none: DEADLINE_EXCEEDED when OpenVPN did not
// answer in time, UNAVAILABLE when the connection was lost first or never was,
// RESOURCE_EXHAUSTED when too much output waits already. Called once, from the loop, never from
// inside the call that it was given to.
using ReplyCallback = std::function<void(absl::StatusOr<Reply>)>;

class ReplyQueue {
 public:
  // A `status 3` with 100,000 clients has about 20 MB.
  static constexpr size_t kMaxReplyBytes = 64 * 1024 * 1024;

  struct Completed {
    std::string name;  // the command's
    ReplyCallback callback;
    Reply reply;
  };

  explicit ReplyQueue(Duration timeout) : timeout_(timeout) {}

  void Expect(std::string name, bool multi_line, ReplyCallback callback, SteadyTime now);

  // Takes one line that is no notification. The command that it completes, if any; an error means
  // that commands and replies are out of step and the connection is of no more use.
  absl::StatusOr<std::optional<Completed>> OnLine(std::string line, SteadyTime now);

  // When the oldest command has waited too long: the timeout after it was sent, or after the last
  // line that OpenVPN answered, since it answers in order. nullopt when none waits.
  std::optional<SteadyTime> NextDeadline() const;
  // The name of the oldest command; "" when none waits.
  absl::string_view OldestName() const;

  // Forgets all commands and hands their callbacks over, oldest first.
  std::vector<ReplyCallback> TakeAll();

  size_t size() const { return waiting_.size(); }
  bool empty() const { return waiting_.empty(); }

 private:
  struct Waiting {
    std::string name;
    bool multi_line;
    ReplyCallback callback;
    SteadyTime deadline;
  };

  Duration timeout_;
  std::deque<Waiting> waiting_;
  std::vector<std::string> lines_;  // of the oldest command's multi-line reply, so far
  size_t lines_bytes_ = 0;
};

}  // namespace ovpnbroker::ovpn
