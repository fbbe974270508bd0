#include "server/config/finding.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"

namespace ovpnbroker::server {
namespace {

std::string Counted(ptrdiff_t count, absl::string_view noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

bool IsError(const Finding& finding) { return finding.severity == Finding::Severity::kError; }

}  // namespace

std::string Finding::ToString() const {
  std::string text = place.file;
  if (place.line > 0) absl::StrAppend(&text, ":", place.line);
  if (place.column > 0) absl::StrAppend(&text, ":", place.column);
  absl::StrAppend(&text, severity == Severity::kError ? ": error: " : ": warning: ");
  if (!path.empty()) absl::StrAppend(&text, path, ": ");
  absl::StrAppend(&text, message);
  return text;
}

bool HasErrors(absl::Span<const Finding> findings) {
  return std::any_of(findings.begin(), findings.end(), IsError);
}

void SortFindings(std::vector<Finding>& findings) {
  // Path and message make the order total, so that equal places come out alike each time.
  std::sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.place.file, a.place.line, a.place.column, a.path, a.message) <
           std::tie(b.place.file, b.place.line, b.place.column, b.path, b.message);
  });
}

std::string FormatFindings(absl::Span<const Finding> findings) {
  if (findings.empty()) return "";
  std::string text;
  for (const Finding& finding : findings) absl::StrAppend(&text, finding.ToString(), "\n");
  const auto errors = std::count_if(findings.begin(), findings.end(), IsError);
  const auto warnings = static_cast<ptrdiff_t>(findings.size()) - errors;
  absl::StrAppend(&text, Counted(errors, "error"), ", ", Counted(warnings, "warning"), "\n");
  return text;
}

Place ConfigPlaces::Find(absl::string_view path) const {
  while (true) {
    const auto found = marks_.find(std::string(path));
    if (found != marks_.end()) return Place{file_, found->second.line, found->second.column};
    const size_t end = path.find_last_of(".[");
    if (end == absl::string_view::npos) return Place{file_, 0, 0};
    path = path.substr(0, end);
  }
}

}  // namespace ovpnbroker::server
