// The order of ListSessions: one key and then the uid. Any thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ovpn/types/session.h"

namespace ovpnbroker::server {

class SessionOrder {
 public:
  // By uid.
  SessionOrder() = default;

  // "", "FIELD", "FIELD asc" or "FIELD desc". INVALID_ARGUMENT names the fields.
  static absl::StatusOr<SessionOrder> Parse(absl::string_view text);

  bool by_uid() const { return !get_; }
  bool descending() const { return descending_; }
  // Compares as text; "" when by_uid().
  std::string KeyOf(const ovpn::Session& session) const { return get_ ? get_(session) : ""; }
  // Whether (key, uid) comes before (other_key, other_uid). uids ascend in both directions.
  bool Before(const std::string& key, const std::string& uid, const std::string& other_key,
              const std::string& other_uid) const {
    if (key != other_key) return descending_ ? key > other_key : key < other_key;
    return descending_ && by_uid() ? uid > other_uid : uid < other_uid;
  }

 private:
  using Getter = std::string (*)(const ovpn::Session&);
  Getter get_ = nullptr;
  bool descending_ = false;
};

}  // namespace ovpnbroker::server
