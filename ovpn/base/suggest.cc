#include "ovpn/base/suggest.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace ovpnbroker::ovpn {
namespace {

// Longer text is no name that somebody mistyped.
constexpr size_t kMaxNameBytes = 64;

bool SameLetter(char a, char b) {
  return absl::ascii_tolower(static_cast<unsigned char>(a)) ==
         absl::ascii_tolower(static_cast<unsigned char>(b));
}

}  // namespace

size_t EditDistance(absl::string_view a, absl::string_view b) {
  // Rows of the usual table; the one before the last is needed for swaps.
  std::vector<size_t> before_last(b.size() + 1);
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    before_last.swap(last);
    last.swap(row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substituted = last[j - 1] + (SameLetter(a[i - 1], b[j - 1]) ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, substituted});
      const bool swapped =
          i > 1 && j > 1 && SameLetter(a[i - 1], b[j - 2]) && SameLetter(a[i - 2], b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::optional<absl::string_view> NearestName(absl::string_view name,
                                             absl::Span<const absl::string_view> known) {
  if (name.empty() || name.size() > kMaxNameBytes) return std::nullopt;
  std::optional<absl::string_view> nearest;
  size_t nearest_distance = 0;
  for (const absl::string_view candidate : known) {
    const size_t distance = EditDistance(name, candidate);
    // At least one change is forgiven, even in a name of two letters.
    const size_t allowed = std::max<size_t>(1, std::max(name.size(), candidate.size()) / 3);
    if (distance > allowed || distance >= candidate.size()) continue;
    if (!nearest.has_value() || distance < nearest_distance) {
      nearest = candidate;
      nearest_distance = distance;
    }
  }
  return nearest;
}

std::string DidYouMean(absl::string_view name, absl::Span<const absl::string_view> known) {
  const std::optional<absl::string_view> nearest = NearestName(name, known);
  return nearest.has_value() ? absl::StrCat("; did you mean '", *nearest, "'?") : "";
}

std::string FormatPlace(absl::string_view file, int line, int column) {
  if (line <= 0) return std::string(file);
  if (column <= 0) return absl::StrCat(file, ":", line);
  return absl::StrCat(file, ":", line, ":", column);
}

}  // namespace ovpnbroker::ovpn
