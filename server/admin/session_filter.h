// The filter language of ListSessions: `instance = "office" AND username = "a*" AND state !=
// "ENDED"`. A value that is parsed once and matches many sessions. Any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ovpn/types/session.h"
#include "policy/rules/glob.h"

namespace ovpnbroker::server {

class SessionFilter {
 public:
  static constexpr size_t kMaxSize = 1024;

  // Matches everything.
  SessionFilter() = default;

  // INVALID_ARGUMENT names the offset and what is accepted there.
  static absl::StatusOr<SessionFilter> Parse(absl::string_view text);

  bool Matches(const ovpn::Session& session) const;

 private:
  friend class SessionFilterParser;

  // The bytes of one field; lives as long as the session.
  using Getter = absl::string_view (*)(const ovpn::Session&);

  struct Term {
    Getter get;
    bool negated;
    policy::Glob pattern;
  };

  std::vector<Term> terms_;
};

}  // namespace ovpnbroker::server
