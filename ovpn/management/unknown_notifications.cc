#include "ovpn/management/unknown_notifications.h"

namespace ovpnbroker::ovpn {

bool UnknownNotifications::Record(const UnknownNotification& notification) {
  const auto known = entries_.find(notification.name);
  if (known != entries_.end()) {
    ++known->second.count;
    return false;
  }
  if (entries_.size() >= kMaxNames) {
    ++other_count_;
    return false;
  }
  entries_.emplace(notification.name, Entry{1, notification.sample});
  return true;
}

}  // namespace ovpnbroker::ovpn
