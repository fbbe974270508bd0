#include "ovpn/management/reply_queue.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace ovpnbroker::ovpn {
namespace {

// Sets `reply` when `line` is one that ends a command by itself.
bool ParseResult(absl::string_view line, Reply& reply) {
  absl::string_view text = line;
  if (absl::ConsumePrefix(&text, "SUCCESS: ")) {
    reply.success = true;
  } else if (!absl::ConsumePrefix(&text, "ERROR: ")) {
    return false;
  }
  reply.text = std::string(text);
  return true;
}

}  // namespace

void ReplyQueue::Expect(std::string name, bool multi_line, ReplyCallback callback, SteadyTime now) {
  waiting_.push_back({std::move(name), multi_line, std::move(callback), now + timeout_});
}

absl::StatusOr<std::optional<ReplyQueue::Completed>> ReplyQueue::OnLine(std::string line,
                                                                        SteadyTime now) {
  if (waiting_.empty())
    return absl::InternalError("OpenVPN sent a reply that no command waits for");
  Waiting& oldest = waiting_.front();
  oldest.deadline = now + timeout_;

  Reply reply;
  if (oldest.multi_line && line == "END") {
    reply.success = true;
    reply.lines = std::exchange(lines_, {});
  } else if (oldest.multi_line && (!lines_.empty() || !absl::StartsWith(line, "ERROR: "))) {
    lines_bytes_ += line.size();
    if (lines_bytes_ > kMaxReplyBytes) {
      return absl::InternalError(absl::StrCat("the reply to ", oldest.name, " is too large"));
    }
    lines_.push_back(std::move(line));
    return std::nullopt;
  } else if (!ParseResult(line, reply)) {
    return absl::InternalError(
        absl::StrCat("the reply to ", oldest.name, " is neither SUCCESS nor ERROR"));
  }
  lines_bytes_ = 0;
  Completed completed{std::move(oldest.name), std::move(oldest.callback), std::move(reply)};
  waiting_.pop_front();
  if (!waiting_.empty()) waiting_.front().deadline = now + timeout_;
  return completed;
}

std::optional<SteadyTime> ReplyQueue::NextDeadline() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.front().deadline;
}

absl::string_view ReplyQueue::OldestName() const {
  return waiting_.empty() ? absl::string_view() : absl::string_view(waiting_.front().name);
}

std::vector<ReplyCallback> ReplyQueue::TakeAll() {
  std::vector<ReplyCallback> callbacks;
  callbacks.reserve(waiting_.size());
  for (Waiting& waiting : waiting_) callbacks.push_back(std::move(waiting.callback));
  waiting_.clear();
  lines_.clear();
  lines_bytes_ = 0;
  return callbacks;
}

}  // namespace ovpnbroker::ovpn
