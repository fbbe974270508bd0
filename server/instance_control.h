// What operators may do to instances. Implemented by server/instance_desk (and a fake in tests);
// loop thread only.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "ovpn/base/clock.h"

namespace ovpnbroker::server {

enum class InstanceVerb { kStart, kStop, kRestart, kSoftRestart, kAttach, kDetach };

struct InstanceOrder {
  std::string instance;
  InstanceVerb verb = InstanceVerb::kStart;
  std::optional<ovpn::Duration> grace = std::nullopt;  // SIGTERM to SIGKILL, else as configured
  ovpn::Duration wait{};                               // for the state that the verb leads to
};

struct DrainOrder {
  std::string instance;
  std::string reason;                                      // clients read it; printable ASCII
  std::optional<ovpn::Duration> end_after = std::nullopt;  // the sessions that are left end then
};

struct InstanceAnswer {
  enum class Code {
    kDone,  // or under way, when the wait was over first
    kNoInstance,
    kWrongState,
    kNothingToAttach,
    kNotDraining,
    kStopping,  // the broker itself
  };
  Code code = Code::kDone;
  std::string message = {};  // why not
};

class InstanceControl {
 public:
  virtual ~InstanceControl() = default;

  // `done` is called once: when the state is reached, when it cannot be reached any more, when the
  // wait is over, or when the order is refused. Never before this returns.
  virtual void Order(InstanceOrder order, std::function<void(InstanceAnswer)> done) = 0;
  virtual InstanceAnswer Drain(const DrainOrder& order) = 0;
  virtual InstanceAnswer Undrain(const std::string& instance) = 0;

  // Tells of each change of an instance's state or drain, until RemoveWatcher. A watcher may remove
  // itself from inside.
  virtual uint64_t AddWatcher(std::function<void(const std::string& instance)> watcher) = 0;
  virtual void RemoveWatcher(uint64_t id) = 0;
};

}  // namespace ovpnbroker::server
