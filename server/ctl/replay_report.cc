#include "server/ctl/replay_report.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "ovpn/base/percentile.h"
#include "server/ctl/escape.h"
#include "server/ctl/json.h"

namespace ovpnbroker::ctl {
namespace {

using server::ReplayDifference;
using server::Replayer;
using server::ReplayReport;

double Millis(ovpn::Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

double Percentile(const ReplayReport& report, size_t percent) {
  return Millis(ovpn::Percentile(report.latencies, percent));
}

std::string KindOf(const admin::v1::RecordedDecision& decision) {
  return policy::v1::DecisionRequest::Kind_Name(decision.request().kind()).substr(5);  // KIND_
}

std::string Shown(const std::string& value) { return value.empty() ? "-" : Escape(value); }

void PrintDifference(const admin::v1::RecordedDecision& decision,
                     const ReplayDifference& difference, std::ostream& out) {
  const auto& session = decision.request().session();
  // The header is line 1 of the file.
  out << "\nline " << difference.index + 2 << ": " << KindOf(decision) << " "
      << Shown(session.common_name()) << " (user " << Shown(session.username()) << ") at "
      << Shown(session.instance()) << "\n";
  if (!difference.failure.empty()) {
    out << "  no verdict: " << Escape(difference.failure) << "\n";
    return;
  }
  for (const policy::FieldDifference& field : difference.fields) {
    out << "  " << field.field << "\n    - " << Shown(field.enforced) << "\n    + "
        << Shown(field.candidate) << "\n";
  }
  if (!difference.lines_gone.empty() || !difference.lines_new.empty()) out << "  client-auth\n";
  for (const std::string& line : difference.lines_gone) out << "    - " << Escape(line) << "\n";
  for (const std::string& line : difference.lines_new) out << "    + " << Escape(line) << "\n";
}

std::string JsonList(const std::vector<std::string>& items) {
  return absl::StrCat("[",
                      absl::StrJoin(items, ", ",
                                    [](std::string* text, const std::string& item) {
                                      absl::StrAppend(text, JsonString(Escape(item)));
                                    }),
                      "]");
}

std::string DifferenceJson(const admin::v1::RecordedDecision& decision,
                           const ReplayDifference& difference) {
  std::vector<std::string> fields;
  fields.reserve(difference.fields.size());
  for (const policy::FieldDifference& field : difference.fields) {
    fields.push_back(absl::StrCat("{\"field\": ", JsonString(field.field),
                                  ", \"recorded\": ", JsonString(Escape(field.enforced)),
                                  ", \"now\": ", JsonString(Escape(field.candidate)), "}"));
  }
  const auto& session = decision.request().session();
  return absl::StrCat("  {\"line\": ", difference.index + 2,
                      ", \"decision_id\": ", JsonString(decision.request().decision_id()),
                      ", \"kind\": ", JsonString(KindOf(decision)),
                      ", \"instance\": ", JsonString(session.instance()),
                      ", \"common_name\": ", JsonString(session.common_name()),
                      ", \"username\": ", JsonString(session.username()),
                      ", \"failure\": ", JsonString(Escape(difference.failure)), ", \"fields\": [",
                      absl::StrJoin(fields, ", "),
                      "], \"lines_gone\": ", JsonList(difference.lines_gone),
                      ", \"lines_new\": ", JsonList(difference.lines_new), "}");
}

}  // namespace

void PrintReplayText(const Replayer::Recording& recording, const ReplayReport& report,
                     std::ostream& out) {
  const size_t shown = std::min(report.differences.size(), kMaxShownDifferences);
  for (size_t i = 0; i < shown; ++i) {
    PrintDifference(recording[report.differences[i].index], report.differences[i], out);
  }
  if (shown < report.differences.size()) {
    out << "\n... and " << report.differences.size() - shown << " more (-o json shows all)\n";
  }
  if (shown > 0) out << "\n";
  const double seconds = Millis(report.elapsed) / 1000;
  out << report.asked << " asked: " << report.same << " the same, "
      << report.differences.size() - report.failed << " different, " << report.failed
      << " without a verdict\n"
      << absl::StrFormat("latency: median %.2f ms, 99%% within %.2f ms, longest %.2f ms; ",
                         Percentile(report, 50), Percentile(report, 99), Percentile(report, 100))
      << absl::StrFormat("%.0f verdicts a second\n",
                         seconds > 0 ? static_cast<double>(report.latencies.size()) / seconds : 0);
}

std::string ReplayJson(const Replayer::Recording& recording, const ReplayReport& report) {
  std::vector<std::string> differences;
  differences.reserve(report.differences.size());
  for (const ReplayDifference& difference : report.differences) {
    differences.push_back(DifferenceJson(recording[difference.index], difference));
  }
  return absl::StrCat(
      "{\n \"asked\": ", report.asked, ",\n \"same\": ", report.same,
      ",\n \"different\": ", report.differences.size() - report.failed,
      ",\n \"failed\": ", report.failed, ",\n \"differences\": [\n",
      absl::StrJoin(differences, ",\n"), "\n ],\n",
      absl::StrFormat(" \"latency_ms\": {\"p50\": %.3f, \"p99\": %.3f, \"max\": %.3f},\n",
                      Percentile(report, 50), Percentile(report, 99), Percentile(report, 100)),
      absl::StrFormat(" \"seconds\": %.3f\n}\n", Millis(report.elapsed) / 1000));
}

}  // namespace ovpnbroker::ctl
