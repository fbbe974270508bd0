#include "server/policy_sim/report.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "ovpn/base/percentile.h"

namespace ovpnbroker::policy_sim {
namespace {

constexpr absl::string_view kReason = "reason";

// The numbers by name; `report` outlives the result.
std::vector<std::pair<absl::string_view, uint64_t*>> Numbers(Report& report) {
  return {{"arrived", &report.arrived},
          {"allowed", &report.allowed},
          {"denied", &report.denied},
          {"waiting", &report.waiting},
          {"in", &report.in},
          {"steps", &report.steps},
          {"renegotiated", &report.renegotiated},
          {"refused", &report.refused},
          {"left", &report.left},
          {"killed", &report.killed},
          {"latency_p50", &report.latency_p50},
          {"latency_p99", &report.latency_p99},
          {"latency_max", &report.latency_max}};
}

}  // namespace

void SetLatencies(std::vector<uint64_t> micros, Report& report) {
  std::sort(micros.begin(), micros.end());
  report.latency_p50 = ovpn::Percentile(micros, 50);
  report.latency_p99 = ovpn::Percentile(micros, 99);
  report.latency_max = ovpn::Percentile(micros, 100);
}

std::string ReportToText(const Report& report) {
  Report copy = report;
  std::string text = absl::StrCat("done ", report.done ? 1 : 0, "\n");
  for (const auto& [name, value] : Numbers(copy)) absl::StrAppend(&text, name, " ", *value, "\n");
  for (const auto& [reason, count] : report.reasons) {
    absl::StrAppend(&text, kReason, " ", count, " ", reason, "\n");
  }
  return text;
}

absl::StatusOr<Report> ParseReport(const std::string& text) {
  Report report;
  const auto numbers = Numbers(report);
  int line_number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    ++line_number;
    const std::vector<absl::string_view> words = absl::StrSplit(line, absl::MaxSplits(' ', 2));
    uint64_t value = 0;
    bool known = words.size() >= 2 && absl::SimpleAtoi(words[1], &value);
    const auto number = std::find_if(numbers.begin(), numbers.end(), [&words](const auto& entry) {
      return entry.first == words[0];
    });
    if (known && number != numbers.end()) {
      *number->second = value;
    } else if (known && words[0] == "done") {
      report.done = value == 1;
    } else if (known && words[0] == kReason && words.size() == 3) {
      report.reasons[std::string(words[2])] = value;
    } else {
      return absl::InvalidArgumentError(absl::StrCat("line ", line_number, " is not understood"));
    }
  }
  return report;
}

}  // namespace ovpnbroker::policy_sim
