#include "server/config/openvpn_import.h"

#include <grp.h>
#include <sys/stat.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ovpn/process/config_reader.h"
#include "ovpn/process/config_rules.h"

namespace ovpnbroker::server {
namespace {

using ovpn::ConfigFinding;
using ovpn::ConfigLine;

constexpr size_t kMaxNameBytes = 32;  // FORMAT_NAME
// The broker's defaults, and what it takes of a shorter hand-window.
constexpr int kDefaultTimeoutSeconds = 5;
constexpr char kServiceGroup[] = "ovpn-broker";
constexpr char kPolicyOfRules[] = "imported-rules";

constexpr char kNeedsRoot[] =
    "the packaged service is no root and cannot do this; remove the line, or install "
    "/usr/share/doc/ovpn-broker/examples/run-as-root.conf";
constexpr std::array<absl::string_view, 5> kRootDirectives = {"user", "group", "chroot", "mlock",
                                                              "nice"};
constexpr std::array<absl::string_view, 4> kWrittenFiles = {"status", "ifconfig-pool-persist",
                                                            "writepid", "replay-persist"};
constexpr std::array<absl::string_view, 3> kWritableFolders = {"/var/lib/ovpn-broker/",
                                                               "/run/ovpn-broker/", "/tmp/"};
constexpr std::array<absl::string_view, 10> kReadFiles = {
    "ca",       "cert",      "key",          "pkcs12",     "dh",
    "tls-auth", "tls-crypt", "tls-crypt-v2", "crl-verify", "extra-certs"};
constexpr std::array<absl::string_view, 2> kPasswordChecks = {"auth-user-pass-verify", "plugin"};

template <size_t kSize>
bool IsOneOf(absl::string_view word, const std::array<absl::string_view, kSize>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string Absolute(absl::string_view path, const std::string& directory) {
  const std::filesystem::path given{std::string(path)};
  return (given.is_absolute() ? given : directory / given).lexically_normal().string();
}

// [a-z0-9-]{1,32} of a file's name, unlike the `taken` ones.
std::string InstanceName(const std::string& file, absl::Span<const ImportedServer> taken) {
  std::string name = absl::AsciiStrToLower(std::filesystem::path(file).stem().string());
  std::replace_if(
      name.begin(), name.end(),
      [](char c) { return !absl::ascii_isalnum(static_cast<unsigned char>(c)); }, '-');
  name.resize(std::min(name.size(), kMaxNameBytes));
  const auto is_taken = [&](const std::string& candidate) {
    return std::any_of(taken.begin(), taken.end(),
                       [&](const ImportedServer& server) { return server.instance == candidate; });
  };
  std::string candidate = name;
  for (int number = 2; is_taken(candidate); ++number) {
    const std::string suffix = absl::StrCat("-", number);
    candidate = name.substr(0, kMaxNameBytes - suffix.size()) + suffix;
  }
  return candidate;
}

bool ServiceMayRead(const std::string& path) {
  struct stat file;
  if (stat(path.c_str(), &file) != 0) return true;  // OpenVPN says it better
  if ((file.st_mode & S_IROTH) != 0) return true;
  const group* const owner = getgrgid(file.st_gid);
  return (file.st_mode & S_IRGRP) != 0 && owner != nullptr &&
         absl::string_view(owner->gr_name) == kServiceGroup;
}

std::optional<std::string> ServiceProblem(const ConfigLine& line, const std::string& directory) {
  const absl::string_view directive = line.directive();
  if (IsOneOf(directive, kRootDirectives)) return kNeedsRoot;
  if (line.argument(1).empty()) return std::nullopt;
  const std::string path = Absolute(line.argument(1), directory);
  if (IsOneOf(directive, kWrittenFiles)) {
    const bool writable =
        std::any_of(kWritableFolders.begin(), kWritableFolders.end(),
                    [&](absl::string_view folder) { return absl::StartsWith(path, folder); });
    if (writable) return std::nullopt;
    return absl::StrCat("the packaged service cannot write ", path,
                        "; move it below /var/lib/ovpn-broker");
  }
  if (IsOneOf(directive, kReadFiles) && !ServiceMayRead(path)) {
    return absl::StrCat("the packaged service cannot read ", path, "; chgrp ", kServiceGroup,
                        " and chmod g+r it");
  }
  return std::nullopt;
}

ConfigFinding Warning(const ConfigLine& line, std::string message) {
  return {.severity = ConfigFinding::Severity::kWarning,
          .file = line.file,
          .line = line.line,
          .directive = std::string(line.directive()),
          .message = std::move(message)};
}

void TakeLine(const ConfigLine& line, const std::string& directory, bool ccd_as_rules,
              ImportedServer& server) {
  const absl::string_view directive = line.directive();
  if (auto problem = ServiceProblem(line, directory)) {
    server.findings.push_back(Warning(line, *std::move(problem)));
  }
  if (directive == "client-config-dir") {
    server.ccd = Absolute(line.argument(1), directory);
    server.findings.push_back(Warning(
        line, ccd_as_rules ? "the policy of this instance reads the folder; remove this line, as "
                             "the folder would be applied twice"
                           : "stays in OpenVPN's hands, and what a verdict says comes after it; "
                             "--ccd-as-rules gives it to the broker"));
  }
  if (directive == "ccd-exclusive") server.ccd_exclusive = true;
  const bool checks = IsOneOf(directive, kPasswordChecks) && ovpn::CheckDirective(line).has_value();
  if (checks && server.password_check.empty()) {
    server.password_check = absl::StrCat(line.file, ":", line.line, ": ", directive);
  }
}

// True when every finding that is an error says that this is no server's configuration.
bool IsNoServer(const ovpn::OpenvpnConfigSummary& summary) {
  return std::any_of(summary.findings.begin(), summary.findings.end(),
                     [](const ConfigFinding& finding) { return finding.directive == "server"; });
}

std::string PolicyOf(const ImportedServer& server, bool ccd_as_rules) {
  return ccd_as_rules && !server.ccd.empty() ? server.instance : kPolicyOfRules;
}

}  // namespace

bool ImportedServer::ok() const {
  return std::none_of(findings.begin(), findings.end(), [](const ConfigFinding& finding) {
    return finding.severity == ConfigFinding::Severity::kError;
  });
}

Import ImportServers(absl::Span<const std::string> files, bool ccd_as_rules) {
  Import import;
  for (const std::string& given : files) {
    const std::string file = std::filesystem::absolute(given).lexically_normal().string();
    const std::string directory = std::filesystem::path(file).parent_path().string();
    if (!std::filesystem::is_regular_file(file)) {
      import.left_out.push_back(absl::StrCat(given, ": there is no such file"));
      continue;
    }
    const ovpn::OpenvpnConfigSummary summary = ovpn::CheckOpenvpnConfig(file, directory);
    if (IsNoServer(summary)) {
      import.left_out.push_back(absl::StrCat(given, ": not a server's configuration"));
      continue;
    }
    ImportedServer server;
    server.file = file;
    server.instance = InstanceName(file, import.servers);
    server.findings = summary.findings;
    server.hand_window_seconds = summary.hand_window_seconds;
    server.certificate_required = summary.client_certificate_required;
    for (const ConfigLine& line : ovpn::ReadOpenvpnConfig(file, directory)) {
      TakeLine(line, directory, ccd_as_rules, server);
    }
    import.servers.push_back(std::move(server));
  }
  return import;
}

std::string ImportedConfig(const Import& import, bool ccd_as_rules, const std::string& rules_file) {
  YAML::Emitter yaml;
  yaml << YAML::Comment("Written by `ovpn-brokerctl import`. Check it before it is used:");
  yaml << YAML::Newline << YAML::Comment("ovpn-brokerctl check-config FILE") << YAML::Newline;
  yaml << YAML::BeginMap << YAML::Key << "instances" << YAML::Value << YAML::BeginSeq;
  bool rules_needed = false;
  for (const ImportedServer& server : import.servers) {
    const std::string policy = PolicyOf(server, ccd_as_rules);
    rules_needed = rules_needed || policy == kPolicyOfRules;
    yaml << YAML::BeginMap << YAML::Key << "name" << YAML::Value << YAML::DoubleQuoted
         << server.instance << YAML::Auto << YAML::Key << "config" << YAML::Value
         << YAML::DoubleQuoted << server.file << YAML::Auto << YAML::Key << "policy" << YAML::Value
         << YAML::DoubleQuoted << policy << YAML::Auto;
    if (server.hand_window_seconds <= kDefaultTimeoutSeconds) {
      // A decision must end before OpenVPN gives the client up.
      const int half_ms = std::max(server.hand_window_seconds, 1) * 500;
      yaml << YAML::Key << "decision" << YAML::Value << YAML::Flow << YAML::BeginMap << YAML::Key
           << "timeout" << YAML::Value << absl::StrCat(half_ms, "ms") << YAML::Key
           << "attempt_timeout" << YAML::Value << absl::StrCat(half_ms / 2, "ms") << YAML::EndMap;
    }
    yaml << YAML::EndMap;
  }
  yaml << YAML::EndSeq << YAML::Key << "policies" << YAML::Value << YAML::BeginSeq;
  if (rules_needed) {
    yaml << YAML::BeginMap << YAML::Key << "name" << YAML::Value << kPolicyOfRules << YAML::Key
         << "rules" << YAML::Value << YAML::BeginMap << YAML::Key << "file" << YAML::Value
         << YAML::DoubleQuoted << rules_file << YAML::EndMap << YAML::EndMap;
  }
  for (const ImportedServer& server : import.servers) {
    const std::string policy = PolicyOf(server, ccd_as_rules);
    if (policy == kPolicyOfRules) continue;
    yaml << YAML::BeginMap << YAML::Key << "name" << YAML::Value << YAML::DoubleQuoted << policy
         << YAML::Auto << YAML::Key << "rules" << YAML::Value << YAML::BeginMap << YAML::Key
         << "ccd" << YAML::Value << YAML::DoubleQuoted << server.ccd << YAML::Auto;
    if (server.ccd_exclusive) yaml << YAML::Key << "ccd_exclusive" << YAML::Value << true;
    yaml << YAML::EndMap << YAML::EndMap;
  }
  yaml << YAML::EndSeq << YAML::EndMap;
  return absl::StrCat(yaml.c_str(), "\n");
}

std::string ImportedRules(const Import& import) {
  YAML::Emitter yaml;
  yaml << YAML::Comment("Written by `ovpn-brokerctl import`. Whom no rule names is denied.")
       << YAML::Newline << YAML::BeginMap << YAML::Key << "rules" << YAML::Value << YAML::BeginSeq;
  for (const ImportedServer& server : import.servers) {
    const bool by_certificate = server.password_check.empty() && server.certificate_required;
    yaml << YAML::BeginMap << YAML::Key << "name" << YAML::Value << YAML::DoubleQuoted
         << absl::StrCat(server.instance, by_certificate
                                              ? ": everybody with a certificate, as before"
                                              : ": nobody yet")
         << YAML::Key << "match" << YAML::Value << YAML::Flow << YAML::BeginMap << YAML::Key
         << "instance" << YAML::Value << YAML::BeginSeq << YAML::DoubleQuoted << server.instance
         << YAML::EndSeq << YAML::EndMap << YAML::Block;
    if (by_certificate) {
      yaml << YAML::Key << "allow" << YAML::Value << YAML::Flow << YAML::BeginMap << YAML::EndMap;
    } else {
      const std::string why = server.password_check.empty()
                                  ? "clients need no certificate there"
                                  : absl::StrCat(server.password_check, " judged passwords");
      yaml << YAML::Key << "deny" << YAML::Value << YAML::BeginMap << YAML::Key << "reason"
           << YAML::Value << YAML::DoubleQuoted
           << absl::StrCat(why, "; write rules or a policy that does") << YAML::EndMap;
    }
    yaml << YAML::EndMap;
  }
  yaml << YAML::EndSeq << YAML::EndMap;
  return absl::StrCat(yaml.c_str(), "\n");
}

}  // namespace ovpnbroker::server
