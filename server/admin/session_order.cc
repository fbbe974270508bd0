#include "server/admin/session_order.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "ovpn/base/suggest.h"

namespace ovpnbroker::server {
namespace {

using ovpn::Session;

// Numbers that sort as text.
std::string Padded(uint64_t number) { return absl::StrCat(absl::Dec(number, absl::kZeroPad20)); }

uint64_t Microseconds(ovpn::WallTime time) {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count());
}

struct Field {
  absl::string_view name;
  std::string (*get)(const Session&);
};

constexpr std::array<Field, 8> kFields = {{
    {"common_name", [](const Session& s) { return s.identity->common_name; }},
    {"username", [](const Session& s) { return s.identity->username; }},
    {"instance", [](const Session& s) { return s.client.instance; }},
    {"state", [](const Session& s) { return std::string(ovpn::ToString(s.state)); }},
    {"real_address", [](const Session& s) { return s.identity->real_address; }},
    {"create_time", [](const Session& s) { return Padded(Microseconds(s.create_time)); }},
    {"received_bytes", [](const Session& s) { return Padded(s.received_bytes); }},
    {"sent_bytes", [](const Session& s) { return Padded(s.sent_bytes); }},
}};

absl::Status Unknown(absl::string_view text) {
  std::vector<absl::string_view> names = {"uid"};
  for (const Field& field : kFields) names.push_back(field.name);
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text,
                   "\" is not FIELD or FIELD desc with one of uid, common_name, username, "
                   "instance, state, real_address, create_time, received_bytes, sent_bytes",
                   ovpn::DidYouMean(text, names)));
}

}  // namespace

absl::StatusOr<SessionOrder> SessionOrder::Parse(absl::string_view text) {
  const std::vector<absl::string_view> words = absl::StrSplit(text, ' ', absl::SkipEmpty());
  SessionOrder order;
  if (words.empty()) return order;
  if (words.size() > 2 || (words.size() == 2 && words[1] != "desc" && words[1] != "asc")) {
    return Unknown(text);
  }
  order.descending_ = words.size() == 2 && words[1] == "desc";
  if (words[0] == "uid") return order;
  const auto* const field = std::find_if(
      kFields.begin(), kFields.end(), [&](const Field& known) { return known.name == words[0]; });
  if (field == kFields.end()) return Unknown(text);
  order.get_ = field->get;
  return order;
}

}  // namespace ovpnbroker::server
