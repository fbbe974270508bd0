// When the policy last allowed each session and OpenVPN took it: what keep_last is measured from.
// Owned by the engine; loop thread only.
#pragma once

#include <cstddef>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/ids.h"

namespace ovpnbroker::policy {

class LastAllows {
 public:
  // Beyond this many sessions new ones are not remembered, so that keep_last denies them.
  static constexpr size_t kMaxSessions = 500'000;

  void Remember(const ovpn::SessionUid& uid, ovpn::SteadyTime now) {
    if (auto it = times_.find(uid); it != times_.end()) {
      it->second = now;
    } else if (times_.size() < kMaxSessions) {
      times_.emplace(uid, now);
    }
  }
  void Forget(const ovpn::SessionUid& uid) { times_.erase(uid); }

  std::optional<ovpn::Duration> Age(const ovpn::SessionUid& uid, ovpn::SteadyTime now) const {
    const auto it = times_.find(uid);
    if (it == times_.end()) return std::nullopt;
    return now - it->second;
  }

 private:
  absl::flat_hash_map<ovpn::SessionUid, ovpn::SteadyTime> times_;
};

}  // namespace ovpnbroker::policy
