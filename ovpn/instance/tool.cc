#include "ovpn/instance/tool.h"

#include <algorithm>
#include <variant>

namespace ovpnbroker::ovpn {
namespace {

// OpenVPN counts in whole seconds and its counts come late rather than early: one that comes this
// much before it is due is taken, or every second one would be dropped.
constexpr std::chrono::milliseconds kCountTolerance{500};

}  // namespace

void Subscriptions::Set(Topic topic, bool on) {
  switch (topic) {
    case Topic::kLog:
      log = on;
      return;
    case Topic::kEcho:
      echo = on;
      return;
    case Topic::kState:
      state = on;
      return;
  }
}

bool Subscriptions::Has(Topic topic) const {
  switch (topic) {
    case Topic::kLog:
      return log;
    case Topic::kEcho:
      return echo;
    case Topic::kState:
      return state;
  }
  return false;
}

void Subscriptions::Join(const Subscriptions& other) {
  log = log || other.log;
  echo = echo || other.echo;
  state = state || other.state;
  if (other.bytecount == std::chrono::seconds::zero()) return;
  bytecount = bytecount == std::chrono::seconds::zero() ? other.bytecount
                                                        : std::min(bytecount, other.bytecount);
}

bool Tool::Wants(NotificationKind kind, const Message& message,
                 std::chrono::seconds source_interval, SteadyTime now) {
  switch (kind) {
    case NotificationKind::kState:
      return active.state;
    case NotificationKind::kLog:
      return active.log;
    case NotificationKind::kEcho:
      return active.echo;
    case NotificationKind::kByteCount:
      return IsCountDue(std::get<ByteCount>(message).cid, source_interval, now);
    case NotificationKind::kClient:
    case NotificationKind::kFatal:
      return true;
  }
  return false;
}

bool Tool::IsCountDue(Cid cid, std::chrono::seconds source_interval, SteadyTime now) {
  if (active.bytecount == std::chrono::seconds::zero()) return false;
  if (active.bytecount <= source_interval) return true;
  const auto [last, first] = counted_.try_emplace(cid.value, now);
  if (first) return true;
  if (now + kCountTolerance < last->second + active.bytecount) return false;
  last->second = now;
  return true;
}

}  // namespace ovpnbroker::ovpn
