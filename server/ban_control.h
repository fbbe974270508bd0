// The bans as the admin API sees and changes them. Implemented by server/ban_keeper (and a fake in
// tests); loop thread only.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "policy/ban_list.h"

namespace ovpnbroker::server {

class BanControl {
 public:
  using Saved = std::function<void(absl::Status)>;

  virtual ~BanControl() = default;

  virtual const policy::BanList& list() const = 0;
  // Changes the list at once; `saved` is called once, later, with the disk's word. Add fails, and
  // changes nothing, when the list is full; a ban of the same subject is replaced.
  virtual absl::Status Add(policy::Ban ban, Saved saved) = 0;
  // What was removed; `saved` is not called when there was no such ban.
  virtual std::optional<policy::Ban> Remove(const std::string& uid, Saved saved) = 0;
};

}  // namespace ovpnbroker::server
