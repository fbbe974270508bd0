#include "ovpn/process/config_rules.h"

#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace ovpnbroker::ovpn {
namespace {

using Severity = ConfigFinding::Severity;

// The broker adds these two itself, and the others change nothing for it.
constexpr std::array<absl::string_view, 4> kHarmlessManagement = {
    "management-hold", "management-client-auth", "management-log-cache", "management-up-down"};
// Plugins that neither judge nor configure clients, by the start of their file's name.
constexpr std::array<absl::string_view, 2> kHarmlessPlugins = {"openvpn-plugin-down-root",
                                                               "openvpn-down-root"};

bool Always(const ConfigLine&) { return true; }

bool IsManagement(const ConfigLine& line) {
  return std::find(kHarmlessManagement.begin(), kHarmlessManagement.end(), line.directive()) ==
         kHarmlessManagement.end();
}

bool IsUnknownPlugin(const ConfigLine& line) {
  const absl::string_view path = line.argument(1);
  const size_t slash = path.rfind('/');
  const absl::string_view name = slash == absl::string_view::npos ? path : path.substr(slash + 1);
  return std::none_of(kHarmlessPlugins.begin(), kHarmlessPlugins.end(),
                      [&](absl::string_view known) { return absl::StartsWith(name, known); });
}

// The first argument is a lifetime, whatever it says.
bool LacksExternalAuth(const ConfigLine& line) {
  for (size_t i = 2; i < line.words.size(); ++i) {
    if (line.words[i] == "external-auth") return false;
  }
  return true;
}

bool IsTermination(const ConfigLine& line) { return line.argument(1) == "SIGTERM"; }

bool IsZero(const ConfigLine& line) { return line.argument(1) == "0"; }

struct Rule {
  absl::string_view directive;  // with '*' at the end: every directive that begins so
  Severity severity;
  bool (*applies)(const ConfigLine&);
  absl::string_view message;
};

constexpr Rule kRules[] = {
    {"management*", Severity::kError, IsManagement,
     "the management interface is the broker's; remove this line"},
    {"daemon", Severity::kError, Always,
     "the broker watches OpenVPN as its child in the foreground; remove this line"},
    {"log", Severity::kError, Always,
     "the broker takes OpenVPN's log from its output; remove this line"},
    {"log-append", Severity::kError, Always,
     "the broker takes OpenVPN's log from its output; remove this line"},
    {"syslog", Severity::kError, Always,
     "the broker takes OpenVPN's log from its output; remove this line"},
    {"client-connect", Severity::kError, Always,
     "a script would configure and refuse clients beside the policy; let the policy send the "
     "client's options and remove this line"},
    {"client-crresponse", Severity::kError, Always,
     "challenge responses are judged by the policy; remove this line"},
    {"auth-user-pass-verify", Severity::kError, Always,
     "passwords are judged by the policy; remove this line"},
    {"plugin", Severity::kError, IsUnknownPlugin,
     "a plugin may authenticate or configure clients beside the policy; remove this line (only "
     "openvpn-plugin-down-root is known not to)"},
    {"auth-gen-token", Severity::kError, LacksExternalAuth,
     "a client with a token would get in without the policy being asked; write `auth-gen-token "
     "LIFETIME external-auth`"},
    {"remap-usr1", Severity::kError, IsTermination,
     "OpenVPN would end where the broker wants it to restart; remove this line"},
    {"ccd-exclusive", Severity::kWarning, Always,
     "a client without a file in client-config-dir is refused whatever the policy says"},
    {"verb", Severity::kWarning, IsZero,
     "OpenVPN will say nothing but fatal errors; `verb 3` is usual"},
};

bool IsAbout(const Rule& rule, absl::string_view directive) {
  absl::string_view name = rule.directive;
  return absl::ConsumeSuffix(&name, "*") ? absl::StartsWith(directive, name) : directive == name;
}

}  // namespace

std::optional<ConfigFinding> CheckDirective(const ConfigLine& line) {
  for (const Rule& rule : kRules) {
    if (!IsAbout(rule, line.directive()) || !rule.applies(line)) continue;
    return ConfigFinding{.severity = rule.severity,
                         .file = line.file,
                         .line = line.line,
                         .directive = std::string(line.directive()),
                         .message = std::string(rule.message)};
  }
  return std::nullopt;
}

}  // namespace ovpnbroker::ovpn
