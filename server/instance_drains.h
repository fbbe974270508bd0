// Instances that let nothing new in: a gate that denies each CONNECT before a policy is asked, and
// the time when the sessions that are left are ended. Owned by InstanceDesk; loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/deadline_timer.h"
#include "policy/gate_policy.h"
#include "server/broker_status.h"
#include "server/drain_file.h"
#include "server/instance_control.h"

namespace ovpnbroker::server {

class InstanceDrains {
 public:
  // `end_sessions` ends all sessions of an instance, giving the reason.
  InstanceDrains(
      asio::io_context& loop, const ovpn::Clock& clock,
      std::function<void(const std::string& instance, const std::string& reason)> end_sessions);

  // Replaces a drain that is there.
  void Begin(const DrainOrder& order);
  // One of an earlier broker; its end may have passed meanwhile.
  void Restore(const KeptDrain& kept);
  // A session of an earlier broker was found on the instance: it ends if the drain's end has
  // passed.
  void OnSessionAdopted(const std::string& instance);
  // False when there is none.
  bool End(const std::string& instance);

  // Who answers a client that connects now; null when the instance is not drained. Counts it.
  std::shared_ptr<policy::Policy> GateOf(const std::string& instance);
  std::optional<InstanceDrainStatus> Find(const std::string& instance) const;

  // What is to outlive the broker, in the order of names.
  std::vector<KeptDrain> All() const;
  // Moves with each change of All().
  uint64_t revision() const { return revision_; }

 private:
  struct Drain {
    InstanceDrainStatus status;
    std::optional<ovpn::SteadyTime> end;  // not reached yet
    std::shared_ptr<policy::Policy> gate;
  };

  void OnDeadline();
  void Arm();

  const ovpn::Clock& clock_;
  const std::function<void(const std::string&, const std::string&)> end_sessions_;
  absl::btree_map<std::string, Drain> drains_;
  uint64_t revision_ = 0;
  ovpn::DeadlineTimer timer_;
};

}  // namespace ovpnbroker::server
