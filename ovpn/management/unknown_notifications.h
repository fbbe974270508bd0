// How often OpenVPN sent notifications that the broker does not know, by name, with one sample
// each: how a new OpenVPN becomes visible without harm. Owned by the Connection; loop thread only.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "ovpn/management/message.h"

namespace ovpnbroker::ovpn {

class UnknownNotifications {
 public:
  static constexpr size_t kMaxNames = 32;

  struct Entry {
    uint64_t count = 0;
    std::string sample;  // of the first one
  };

  // True when the name is new, for one log line a name.
  bool Record(const UnknownNotification& notification);

  const std::map<std::string, Entry>& entries() const { return entries_; }
  // Those whose name came when kMaxNames were there already.
  uint64_t other_count() const { return other_count_; }

 private:
  std::map<std::string, Entry> entries_;
  uint64_t other_count_ = 0;
};

}  // namespace ovpnbroker::ovpn
