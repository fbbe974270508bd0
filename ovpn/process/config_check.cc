#include "ovpn/process/config_check.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/process/config_reader.h"
#include "ovpn/process/config_rules.h"

namespace ovpnbroker::ovpn {
namespace {

using Severity = ConfigFinding::Severity;

// OpenVPN's positive_atoi: the digits at the start; nothing negative.
int PositiveNumber(absl::string_view text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return std::max(number, 0);
}

// Takes what the broker wants to know from lines of one directive. A later line wins, as in
// OpenVPN.
struct Extraction {
  absl::string_view directive;
  void (*take)(OpenvpnConfigSummary& summary, const ConfigLine& line);
};

constexpr Extraction kExtractions[] = {
    {"hand-window",
     [](OpenvpnConfigSummary& summary, const ConfigLine& line) {
       summary.hand_window_seconds = PositiveNumber(line.argument(1));
     }},
    {"reneg-sec",
     [](OpenvpnConfigSummary& summary, const ConfigLine& line) {
       summary.reneg_seconds = PositiveNumber(line.argument(1));
     }},
    {"dev", [](OpenvpnConfigSummary& summary,
               const ConfigLine& line) { summary.dev = std::string(line.argument(1)); }},
    {"proto", [](OpenvpnConfigSummary& summary,
                 const ConfigLine& line) { summary.proto = std::string(line.argument(1)); }},
    {"topology", [](OpenvpnConfigSummary& summary,
                    const ConfigLine& line) { summary.topology = std::string(line.argument(1)); }},
    {"explicit-exit-notify",
     [](OpenvpnConfigSummary& summary, const ConfigLine& line) {
       summary.explicit_exit_notify =
           line.argument(1).empty() ? 1 : PositiveNumber(line.argument(1));
     }},
    {"status-version",
     [](OpenvpnConfigSummary& summary, const ConfigLine& line) {
       summary.status_version = PositiveNumber(line.argument(1));
     }},
    {"verb", [](OpenvpnConfigSummary& summary,
                const ConfigLine& line) { summary.verbosity = PositiveNumber(line.argument(1)); }},
    {"verify-client-cert",
     [](OpenvpnConfigSummary& summary, const ConfigLine& line) {
       summary.client_certificate_required =
           line.argument(1).empty() || line.argument(1) == "require";
     }},
    {"client-config-dir",
     [](OpenvpnConfigSummary& summary, const ConfigLine& line) {
       summary.client_config_dir = std::string(line.argument(1));
     }},
    {"keepalive",
     [](OpenvpnConfigSummary& summary, const ConfigLine&) { summary.has_keepalive = true; }},
    {"duplicate-cn",
     [](OpenvpnConfigSummary& summary, const ConfigLine&) { summary.duplicate_cn = true; }},
    {"username-as-common-name", [](OpenvpnConfigSummary& summary,
                                   const ConfigLine&) { summary.username_as_common_name = true; }},
    {"auth-user-pass-optional", [](OpenvpnConfigSummary& summary,
                                   const ConfigLine&) { summary.auth_user_pass_optional = true; }},
    {"auth-gen-token",
     [](OpenvpnConfigSummary& summary, const ConfigLine&) { summary.auth_gen_token = true; }},
};

bool MakesServer(const ConfigLine& line) {
  const absl::string_view directive = line.directive();
  return directive == "server" || directive == "server-ipv6" || directive == "server-bridge" ||
         (directive == "mode" && line.argument(1) == "server");
}

ConfigFinding Problem(const ConfigLine& line) {
  return {.severity = Severity::kError,
          .file = line.file,
          .line = line.line,
          .directive = "",
          .message = absl::StrCat("OpenVPN cannot read this: ", line.problem)};
}

}  // namespace

std::string ConfigFinding::ToString() const {
  std::string text = file;
  if (line > 0) absl::StrAppend(&text, ":", line);
  if (!directive.empty()) absl::StrAppend(&text, ": ", directive);
  return absl::StrCat(text, ": ", message);
}

bool OpenvpnConfigSummary::ok() const {
  return std::none_of(findings.begin(), findings.end(), [](const ConfigFinding& finding) {
    return finding.severity == Severity::kError;
  });
}

OpenvpnConfigSummary CheckOpenvpnConfig(const std::string& config_file,
                                        const std::string& working_directory) {
  OpenvpnConfigSummary summary;
  bool is_server = false;
  bool is_complete = true;
  const std::vector<ConfigLine> lines = ReadOpenvpnConfig(config_file, working_directory);
  summary.own_pools = FindOwnPools(lines);
  for (const ConfigLine& line : lines) {
    if (!line.problem.empty()) {
      summary.findings.push_back(Problem(line));
      is_complete = false;
      continue;
    }
    is_server = is_server || MakesServer(line);
    for (const Extraction& extraction : kExtractions) {
      if (line.directive() == extraction.directive) extraction.take(summary, line);
    }
    if (auto finding = CheckDirective(line)) summary.findings.push_back(*std::move(finding));
  }
  if (!is_complete) return summary;  // what seems to be missing may be where nothing could be read

  if (!is_server) {
    summary.findings.push_back({Severity::kError, config_file, 0, "server",
                                "this is not a server's configuration; it needs `server`, "
                                "`server-bridge` or `mode server`"});
  } else if (!summary.auth_user_pass_optional) {
    summary.findings.push_back({Severity::kWarning, config_file, 0, "auth-user-pass-optional",
                                "without it OpenVPN refuses clients that send no password before "
                                "any policy is asked; add it unless that is meant"});
  }
  return summary;
}

}  // namespace ovpnbroker::ovpn
