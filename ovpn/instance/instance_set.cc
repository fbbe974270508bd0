#include "ovpn/instance/instance_set.h"

#include <algorithm>
#include <utility>

namespace ovpnbroker::ovpn {

Instance* InstanceSet::Find(absl::string_view name) const {
  const auto found =
      std::find_if(instances_.begin(), instances_.end(),
                   [name](const auto& instance) { return instance->config().name == name; });
  return found == instances_.end() ? nullptr : found->get();
}

std::unique_ptr<Instance> InstanceSet::Take(absl::string_view name) {
  const auto found =
      std::find_if(instances_.begin(), instances_.end(),
                   [name](const auto& instance) { return instance->config().name == name; });
  if (found == instances_.end()) return nullptr;
  std::unique_ptr<Instance> instance = std::move(*found);
  instances_.erase(found);
  return instance;
}

Instance* InstanceSet::FindSession(const SessionUid& uid) const {
  const auto found = std::find_if(
      instances_.begin(), instances_.end(),
      [&uid](const auto& instance) { return instance->sessions().FindByUid(uid) != nullptr; });
  return found == instances_.end() ? nullptr : found->get();
}

void InstanceSet::StopAll(const std::function<void()>& stopped) {
  std::vector<Instance*> held;
  for (const auto& instance : instances_) {
    if (instance->snapshot().state != InstanceState::kDetached) held.push_back(instance.get());
  }
  if (held.empty()) return stopped();
  const auto running = std::make_shared<size_t>(held.size());
  for (Instance* instance : held) {
    instance->Stop([running, stopped] {
      if (--*running == 0) stopped();
    });
  }
}

}  // namespace ovpnbroker::ovpn
