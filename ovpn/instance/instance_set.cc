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

Instance* InstanceSet::FindSession(const SessionUid& uid) const {
  const auto found = std::find_if(
      instances_.begin(), instances_.end(),
      [&uid](const auto& instance) { return instance->sessions().FindByUid(uid) != nullptr; });
  return found == instances_.end() ? nullptr : found->get();
}

void InstanceSet::StopAll(std::function<void()> stopped) {
  // Released by the last callback, or here when there is no instance.
  const std::shared_ptr<void> all_down(nullptr,
                                       [stopped = std::move(stopped)](void*) { stopped(); });
  for (const auto& instance : instances_) instance->Stop([all_down] {});
}

}  // namespace ovpnbroker::ovpn
