#include "server/policy_check/report.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace ovpnbroker::policy_check {
namespace {

constexpr double kMillisecondsPerSecond = 1000;

// For an attribute. Control characters are no XML 1.0, not even as references.
std::string Attribute(const std::string& text) {
  return absl::StrReplaceAll(absl::Utf8SafeCEscape(text),
                             {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

// Without what a terminal would act on; quotes stay as they are.
std::string Readable(const std::string& text) {
  return absl::StrReplaceAll(absl::Utf8SafeCHexEscape(text), {{"\\\"", "\""}, {"\\'", "'"}});
}

auto CountOf(const std::vector<Line>& lines, Outcome::Kind kind) {
  return std::count_if(lines.begin(), lines.end(),
                       [kind](const Line& line) { return line.outcome.kind == kind; });
}

}  // namespace

std::string ToText(const Line& line) {
  switch (line.outcome.kind) {
    case Outcome::Kind::kPassed:
      return absl::StrFormat("ok    %s (%d ms)\n", line.name, line.duration.count());
    case Outcome::Kind::kSkipped:
      return absl::StrCat("skip  ", line.name, ": ", line.outcome.detail, "\n");
    case Outcome::Kind::kFailed:
      break;
  }
  std::string text = absl::StrCat("FAIL  ", line.name, "\n      expected: ", line.expected,
                                  "\n      came:     ", Readable(line.outcome.detail), "\n");
  if (!line.fix.empty()) absl::StrAppend(&text, "      to fix:   ", line.fix, "\n");
  return text;
}

std::string ToJunit(const std::vector<Line>& lines) {
  std::string xml = absl::StrCat(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite "
      "name=\"ovpn-policy-check\" tests=\"",
      lines.size(), "\" failures=\"", CountOf(lines, Outcome::Kind::kFailed), "\" skipped=\"",
      CountOf(lines, Outcome::Kind::kSkipped), "\">\n");
  for (const Line& line : lines) {
    const double seconds = static_cast<double>(line.duration.count()) / kMillisecondsPerSecond;
    absl::StrAppendFormat(&xml, "<testcase classname=\"policy\" name=\"%s\" time=\"%.3f\">",
                          Attribute(line.name), seconds);
    const std::string message = Attribute(line.outcome.detail);
    if (line.outcome.kind == Outcome::Kind::kFailed) {
      absl::StrAppend(&xml, "<failure message=\"", message, "\"/>");
    } else if (line.outcome.kind == Outcome::Kind::kSkipped) {
      absl::StrAppend(&xml, "<skipped message=\"", message, "\"/>");
    }
    absl::StrAppend(&xml, "</testcase>\n");
  }
  absl::StrAppend(&xml, "</testsuite>\n</testsuites>\n");
  return xml;
}

}  // namespace ovpnbroker::policy_check
