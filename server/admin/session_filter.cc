#include "server/admin/session_filter.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "ovpn/base/status_macros.h"

namespace ovpnbroker::server {
namespace {

using ovpn::Session;
using Getter = absl::string_view (*)(const Session&);

constexpr size_t kStateField = 0;
constexpr size_t kPolicyField = 5;
constexpr std::array<Getter, 6> kGetters = {{
    [](const Session& s) { return ovpn::ToString(s.state); },
    [](const Session& s) { return absl::string_view(s.client.instance); },
    [](const Session& s) { return absl::string_view(s.identity->common_name); },
    [](const Session& s) { return absl::string_view(s.identity->username); },
    [](const Session& s) { return absl::string_view(s.identity->real_address); },
    [](const Session& s) { return absl::string_view(s.policy); },
}};

constexpr std::array<ovpn::SessionState, 7> kStates = {
    ovpn::SessionState::kPending,    ovpn::SessionState::kPendingAuth,
    ovpn::SessionState::kAuthorized, ovpn::SessionState::kEstablished,
    ovpn::SessionState::kEnding,     ovpn::SessionState::kEnded,
    ovpn::SessionState::kUnjudged};

// In the order of kGetters.
std::vector<FilterField> Fields() {
  FilterField state{"state"};
  for (const ovpn::SessionState known : kStates) state.values.push_back(ovpn::ToString(known));
  return {std::move(state), {"instance"},     {"common_name"},
          {"username"},     {"real_address"}, {"policy"}};
}

}  // namespace

absl::StatusOr<SessionFilter> SessionFilter::Parse(absl::string_view text) {
  SessionFilter filter;
  ASSIGN_OR_RETURN(filter.terms_, ParseFilter(text, Fields()));
  return filter;
}

bool SessionFilter::Matches(const ovpn::Session& session) const {
  return MatchesAll(terms_, [&session](size_t field) { return kGetters[field](session); });
}

bool SessionFilter::NamesWhatChanges() const {
  return std::any_of(terms_.begin(), terms_.end(), [](const FilterTerm& term) {
    return term.field == kStateField || term.field == kPolicyField;
  });
}

}  // namespace ovpnbroker::server
