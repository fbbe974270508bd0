// All instances of the broker, by name and in the order of the configuration. Owned by the broker;
// loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ovpn/instance/instance.h"

namespace ovpnbroker::ovpn {

class InstanceSet {
 public:
  // The name is unique; the configuration check has seen to it.
  void Add(std::unique_ptr<Instance> instance) { instances_.push_back(std::move(instance)); }

  // Takes one out; null when there is none of this name.
  std::unique_ptr<Instance> Take(absl::string_view name);
  // Null when there is none of this name.
  Instance* Find(absl::string_view name) const;
  // The instance whose live session has this uid, null when none has.
  Instance* FindSession(const SessionUid& uid) const;
  const std::vector<std::unique_ptr<Instance>>& all() const { return instances_; }

  // Stops all at the same time, but for those that were detached; `stopped` is called once, when
  // the last is down; never when the set is destroyed before that.
  void StopAll(const std::function<void()>& stopped);

 private:
  std::vector<std::unique_ptr<Instance>> instances_;
};

}  // namespace ovpnbroker::ovpn
