// The filter of ListSessions, parsed once and matched with many sessions. Any thread.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ovpn/types/session.h"
#include "server/admin/filter_terms.h"

namespace ovpnbroker::server {

class SessionFilter {
 public:
  // Matches everything.
  SessionFilter() = default;

  // INVALID_ARGUMENT names the offset and what is accepted there.
  static absl::StatusOr<SessionFilter> Parse(absl::string_view text);

  bool Matches(const ovpn::Session& session) const;
  // State or policy: a session may match now and not later.
  bool NamesWhatChanges() const;

 private:
  std::vector<FilterTerm> terms_;
};

}  // namespace ovpnbroker::server
