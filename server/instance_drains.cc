#include "server/instance_drains.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace ovpnbroker::server {
namespace {

// A client that was denied for a drain asks its next server first, and this one again after this.
constexpr std::chrono::seconds kRetryBackoff{30};

std::shared_ptr<policy::Policy> MakeGate(const std::string& reason) {
  ovpn::Deny deny;
  deny.reason = reason.empty() ? "the instance is drained"
                               : absl::StrCat("the instance is drained: ", reason);
  deny.client_reason = reason.empty() ? "this server is being taken out of service" : reason;
  deny.code = "draining";
  deny.retry = ovpn::RetryHint{.backoff = kRetryBackoff, .advance = true};
  return std::make_shared<policy::GatePolicy>("drain", std::move(deny));
}

}  // namespace

InstanceDrains::InstanceDrains(
    asio::io_context& loop, const ovpn::Clock& clock,
    std::function<void(const std::string&, const std::string&)> end_sessions)
    : clock_(clock),
      end_sessions_(std::move(end_sessions)),
      timer_(loop, [this] { OnDeadline(); }) {}

void InstanceDrains::Begin(const DrainOrder& order) {
  Drain& drain = drains_[order.instance];
  // A drain that is changed goes on: its beginning and its count stay.
  if (drain.gate == nullptr) drain.status.start_time = clock_.WallNow();
  drain.status.reason = order.reason;
  drain.gate = MakeGate(order.reason);
  drain.end.reset();
  drain.status.end_time.reset();
  if (order.end_after.has_value()) {
    drain.end = clock_.Now() + *order.end_after;
    drain.status.end_time =
        clock_.WallNow() + std::chrono::duration_cast<ovpn::WallTime::duration>(*order.end_after);
  }
  ++revision_;
  Arm();
}

void InstanceDrains::Restore(const KeptDrain& kept) {
  Drain& drain = drains_[kept.instance];
  drain.status.start_time = kept.start_time;
  drain.status.reason = kept.reason;
  drain.status.end_time = kept.end_time;
  drain.gate = MakeGate(kept.reason);
  if (kept.end_time.has_value() && *kept.end_time > clock_.WallNow()) {
    drain.end = clock_.Now() + (*kept.end_time - clock_.WallNow());
  }
  Arm();
}

void InstanceDrains::OnSessionAdopted(const std::string& instance) {
  const auto found = drains_.find(instance);
  if (found == drains_.end() || !found->second.status.end_time.has_value()) return;
  if (*found->second.status.end_time > clock_.WallNow()) return;
  // In a turn of its own, when all that were found are known.
  found->second.end = clock_.Now();
  Arm();
}

bool InstanceDrains::End(const std::string& instance) {
  if (drains_.erase(instance) == 0) return false;
  ++revision_;
  Arm();
  return true;
}

std::shared_ptr<policy::Policy> InstanceDrains::GateOf(const std::string& instance) {
  const auto found = drains_.find(instance);
  if (found == drains_.end()) return nullptr;
  ++found->second.status.denied;
  return found->second.gate;
}

std::optional<InstanceDrainStatus> InstanceDrains::Find(const std::string& instance) const {
  const auto found = drains_.find(instance);
  if (found == drains_.end()) return std::nullopt;
  return found->second.status;
}

std::vector<KeptDrain> InstanceDrains::All() const {
  std::vector<KeptDrain> all;
  all.reserve(drains_.size());
  for (const auto& [instance, drain] : drains_) {
    all.push_back({.instance = instance,
                   .reason = drain.status.reason,
                   .start_time = drain.status.start_time,
                   .end_time = drain.status.end_time});
  }
  return all;
}

void InstanceDrains::OnDeadline() {
  std::vector<std::pair<std::string, std::string>> due;
  for (auto& [instance, drain] : drains_) {
    if (!drain.end.has_value() || *drain.end > clock_.Now()) continue;
    drain.end.reset();
    due.emplace_back(instance, drain.status.reason);
  }
  Arm();
  for (const auto& [instance, reason] : due) end_sessions_(instance, reason);
}

void InstanceDrains::Arm() {
  std::optional<ovpn::SteadyTime> next;
  for (const auto& [instance, drain] : drains_) {
    if (drain.end.has_value()) next = std::min(next.value_or(*drain.end), *drain.end);
  }
  timer_.Arm(next);
}

}  // namespace ovpnbroker::server
