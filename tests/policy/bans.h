// Bans for tests.
#pragma once

#include <string>
#include <utility>

#include "policy/ban_list.h"

namespace ovpnbroker::test {

inline policy::Ban MakeBan(std::string uid, policy::BanKind kind, const std::string& subject) {
  return {std::move(uid), policy::BanSubject::Parse(kind, subject).value(),
          "laptop lost",  "call the help desk",
          "unix:admin",   ovpn::WallTime(std::chrono::hours(900))};
}

}  // namespace ovpnbroker::test
