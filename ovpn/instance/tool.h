// One tool on a pass-through socket: what it has said, what it asked to be told, and what its
// command in progress still needs. Knows no socket and no other tool. Owned by the Passthrough;
// loop thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/token_bucket.h"
#include "ovpn/instance/tool_port.h"
#include "ovpn/management/message.h"
#include "ovpn/management/notification_text.h"
#include "ovpn/management/tool_command.h"
#include "ovpn/management/tool_input.h"

namespace ovpnbroker::ovpn {

// What is notified as it comes; one tool's wish, or what OpenVPN is set to for all of them.
struct Subscriptions {
  bool log = false;
  bool echo = false;
  bool state = false;
  std::chrono::seconds bytecount{0};  // at most this often a client; 0: not at all

  void Set(Topic topic, bool on);
  bool Has(Topic topic) const;
  // Becomes what serves both.
  void Join(const Subscriptions& other);
  bool operator==(const Subscriptions&) const = default;
};

class Tool {
 public:
  // Commands a second, and at once; a tool that writes faster is read later.
  static constexpr double kCommandRate = 20;
  static constexpr double kCommandBurst = 100;

  Tool(uint64_t tool_id, std::shared_ptr<ToolPort> tool_port, std::string tool_peer, SteadyTime now)
      : id(tool_id),
        port(std::move(tool_port)),
        peer(std::move(tool_peer)),
        bucket(kCommandRate, kCommandBurst, now) {}

  // Whether this notification is for it. Counts of one client are told no more often than it asked
  // for, given that OpenVPN counts every `source_interval`.
  bool Wants(NotificationKind kind, const Message& message, std::chrono::seconds source_interval,
             SteadyTime now);
  // OpenVPN's CIDs begin again.
  void ForgetCounts() { counted_.clear(); }
  void ForgetCounts(Cid cid) { counted_.erase(cid.value); }

  const uint64_t id;
  const std::shared_ptr<ToolPort> port;
  const std::string peer;  // for logs
  ToolInput input;
  TokenBucket bucket;
  bool input_ended = false;
  bool input_requested = false;      // from the port
  size_t unread_reply_bytes = 0;     // of the last reply, while it waits; on top of the limit
  std::optional<std::string> block;  // inside the body of a refused command; its reply

  // The command in progress; nothing else of this tool runs until its reply is whole.
  bool busy = false;
  bool forwarded = false;  // some of it to OpenVPN
  std::deque<ToolStep> steps;
  std::string reply;
  Subscriptions wanted;   // as soon as it asks
  Subscriptions granted;  // once OpenVPN was told
  Subscriptions active;   // once the command that asked is answered

  uint64_t refused = 0;  // commands

 private:
  bool IsCountDue(Cid cid, std::chrono::seconds source_interval, SteadyTime now);

  absl::flat_hash_map<uint64_t, SteadyTime> counted_;  // CIDs, to when the tool was told last
};

}  // namespace ovpnbroker::ovpn
