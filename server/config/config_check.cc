#include "server/config/config_check.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "ovpn/base/suggest.h"
#include "ovpn/process/config_check.h"
#include "server/config/address_pools.h"
#include "server/config/remote_check.h"
#include "server/config/san_pattern.h"
#include "server/config/string_format.h"

namespace ovpnbroker::server {
namespace {

using config::v1::BrokerConfig;
using config::v1::InstanceConfig;
using config::v1::ManagementConfig;
using config::v1::PolicyConfig;
using config::v1::RemoteConfig;
using google::protobuf::util::TimeUtil;
using ProtoDuration = google::protobuf::Duration;

// OpenVPN gives up a client that has no verdict after hand-window; the answer must leave some time
// for its last steps.
constexpr int kHandWindowReserveSeconds = 1;

bool IsWholeSeconds(const ProtoDuration& duration) { return duration.nanos() == 0; }

class Checker {
 public:
  explicit Checker(LoadedConfig& loaded) : loaded_(loaded), config_(loaded.config) {
    for (const Finding& finding : loaded.findings) reported_.insert(finding.path);
  }

  void Check();

 private:
  using Severity = Finding::Severity;

  void CheckAddressPools();
  void CheckInstance(const InstanceConfig& instance, const std::string& path);
  void CheckManagement(const InstanceConfig& instance, const std::string& path);
  void CheckDecision(const InstanceConfig& instance, const std::string& path);
  void CheckOpenvpn(const InstanceConfig& instance, const std::string& path);
  void CheckPolicyReference(const InstanceConfig& instance, const std::string& path);
  void CheckShadows(const InstanceConfig& instance, const std::string& path);
  void CheckPolicy(const PolicyConfig& policy, const std::string& path);
  void CheckRemote(const RemoteConfig& remote, const std::string& path);
  void CheckAdminTcp(const config::v1::AdminTcpConfig& tcp, const std::string& path);
  void CheckRules(const config::v1::RulesConfig& rules, const std::string& path);
  void CheckFile(const std::string& file, const std::string& path);
  void CheckFolder(const std::string& folder, const std::string& path);
  void CheckSocketPath(const std::string& socket, const std::string& path);
  void CheckBackoff(const ProtoDuration& initial, const ProtoDuration& maximum,
                    const std::string& path);
  void CheckUnique(std::map<std::string, std::string>& seen, const std::string& value,
                   const std::string& path, absl::string_view what);
  void Report(const std::string& path, std::string message, Severity severity = Severity::kError);

  LoadedConfig& loaded_;
  const BrokerConfig& config_;
  std::set<std::string> reported_;                // paths with a finding of the mapping
  std::map<std::string, std::string> endpoints_;  // sockets and ports in use, to the field's path
};

void Checker::Report(const std::string& path, std::string message, Severity severity) {
  if (reported_.count(path) != 0) return;
  loaded_.findings.push_back({severity, loaded_.places.Find(path), path, std::move(message)});
}

void Checker::CheckUnique(std::map<std::string, std::string>& seen, const std::string& value,
                          const std::string& path, absl::string_view what) {
  if (value.empty()) return;
  const auto [earlier, is_new] = seen.emplace(value, path);
  if (is_new) return;
  Report(path, absl::StrCat(what, " \"", value, "\" is taken by ", earlier->second, " (line ",
                            loaded_.places.Find(earlier->second).line, ")"));
}

void Checker::CheckSocketPath(const std::string& socket, const std::string& path) {
  if (socket.size() > kMaxSocketPath) {
    Report(path, absl::StrCat("the socket's path \"", socket, "\" has ", socket.size(),
                              " bytes; at most ", kMaxSocketPath,
                              " are possible: choose a shorter one or a shorter "
                              "runtime_directory"));
  }
}

void Checker::CheckFile(const std::string& file, const std::string& path) {
  if (file.empty()) return;
  std::error_code error;
  if (std::filesystem::is_regular_file(file, error)) return;
  Report(path, absl::StrCat(file, ": ", error ? error.message() : "is not a file"));
}

void Checker::CheckFolder(const std::string& folder, const std::string& path) {
  if (folder.empty()) return;
  std::error_code error;
  if (std::filesystem::is_directory(folder, error)) return;
  Report(path, absl::StrCat(folder, ": ", error ? error.message() : "is not a folder"));
}

void Checker::CheckBackoff(const ProtoDuration& initial, const ProtoDuration& maximum,
                           const std::string& path) {
  if (maximum < initial) {
    Report(absl::StrCat(path, ".max_backoff"),
           absl::StrCat("must not be shorter than initial_backoff (", TimeUtil::ToString(initial),
                        ")"));
  }
}

void Checker::CheckManagement(const InstanceConfig& instance, const std::string& path) {
  const ManagementConfig& management = instance.management();
  if (management.endpoint_case() == ManagementConfig::kTcp) {
    const std::string tcp = absl::StrCat(path, ".management.tcp");
    CheckFile(management.tcp().password_file(), absl::StrCat(tcp, ".password_file"));
    CheckUnique(endpoints_, management.tcp().address(), absl::StrCat(tcp, ".address"), "address");
    return;
  }
  const std::string socket = absl::StrCat(path, ".management.unix");
  CheckSocketPath(management.unix(), socket);
  CheckUnique(endpoints_, management.unix(), socket, "socket");
}

void Checker::CheckDecision(const InstanceConfig& instance, const std::string& path) {
  const auto& decision = instance.decision();
  if (decision.timeout() < decision.attempt_timeout()) {
    Report(absl::StrCat(path, ".decision.attempt_timeout"),
           absl::StrCat("must not be longer than decision.timeout (",
                        TimeUtil::ToString(decision.timeout()), ")"));
  }
  if (decision.has_max_timeout() && decision.max_timeout() < decision.timeout()) {
    Report(absl::StrCat(path, ".decision.max_timeout"),
           absl::StrCat("must not be shorter than decision.timeout (",
                        TimeUtil::ToString(decision.timeout()), ")"));
  }
  if (!IsWholeSeconds(instance.failure().retry_backoff())) {
    Report(absl::StrCat(path, ".failure.retry_backoff"),
           "must be whole seconds: clients read it so");
  }
  if (!IsWholeSeconds(instance.bytecount_interval())) {
    Report(absl::StrCat(path, ".bytecount_interval"), "must be whole seconds");
  }
}

void Checker::CheckOpenvpn(const InstanceConfig& instance, const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(instance.config(), error)) return;  // told already
  const ovpn::OpenvpnConfigSummary summary =
      ovpn::CheckOpenvpnConfig(instance.config(), instance.working_directory());
  for (const ovpn::ConfigFinding& finding : summary.findings) {
    const bool is_error = finding.severity == ovpn::ConfigFinding::Severity::kError;
    const absl::string_view separator = finding.directive.empty() ? "" : ": ";
    loaded_.findings.push_back({is_error ? Severity::kError : Severity::kWarning,
                                Place{finding.file, finding.line, 0}, "",
                                absl::StrCat(finding.directive, separator, finding.message)});
  }
  const int64_t budget = summary.hand_window_seconds - kHandWindowReserveSeconds;
  const auto check_budget = [&](absl::string_view field, const ProtoDuration& timeout) {
    if (timeout <= TimeUtil::SecondsToDuration(budget)) return;
    Report(absl::StrCat(path, ".decision.", field),
           absl::StrCat("OpenVPN gives clients up after its hand-window of ",
                        summary.hand_window_seconds, " s; the decision may take ", budget,
                        " s at most"));
  };
  check_budget("timeout", instance.decision().timeout());
  check_budget("max_timeout", instance.decision().max_timeout());
}

void Checker::CheckPolicyReference(const InstanceConfig& instance, const std::string& path) {
  if (instance.policy().empty() || config_.policies().empty()) return;
  std::vector<absl::string_view> known;
  for (const PolicyConfig& policy : config_.policies()) {
    if (policy.name() == instance.policy()) return;
    known.push_back(policy.name());
  }
  Report(absl::StrCat(path, ".policy"),
         absl::StrCat("there is no policy \"", instance.policy(), "\" in 'policies'",
                      ovpn::DidYouMean(instance.policy(), known)));
}

// One stream has one mode, so a remote policy cannot be asked for both.
void Checker::CheckShadows(const InstanceConfig& instance, const std::string& path) {
  std::map<std::string, std::string> seen;
  for (int i = 0; i < instance.shadows_size(); ++i) {
    const std::string& shadow = instance.shadows(i);
    const std::string shadow_path = absl::StrCat(path, ".shadows[", i, "]");
    CheckUnique(seen, shadow, shadow_path, "policy");
    const PolicyConfig* candidate = nullptr;
    std::vector<absl::string_view> known;
    for (const PolicyConfig& policy : config_.policies()) {
      if (policy.name() == shadow) candidate = &policy;
      known.push_back(policy.name());
    }
    if (candidate == nullptr) {
      Report(shadow_path, absl::StrCat("there is no policy \"", shadow, "\" in 'policies'",
                                       ovpn::DidYouMean(shadow, known)));
      continue;
    }
    for (const InstanceConfig& other : config_.instances()) {
      const bool same = other.name() == instance.name();
      if (other.policy() != shadow || !(candidate->has_remote() || same)) continue;
      Report(shadow_path,
             absl::StrCat("\"", shadow, "\" decides for instance \"", other.name(),
                          "\"; write a second policy with another name for the candidate"));
    }
  }
}

void Checker::CheckInstance(const InstanceConfig& instance, const std::string& path) {
  CheckFile(instance.openvpn(), absl::StrCat(path, ".openvpn"));
  CheckFile(instance.config(), absl::StrCat(path, ".config"));
  CheckManagement(instance, path);
  CheckDecision(instance, path);
  CheckBackoff(instance.restart().initial_backoff(), instance.restart().max_backoff(),
               absl::StrCat(path, ".restart"));
  CheckOpenvpn(instance, path);
  CheckPolicyReference(instance, path);
  CheckShadows(instance, path);
}

void Checker::CheckRemote(const RemoteConfig& remote, const std::string& path) {
  CheckBackoff(remote.initial_backoff(), remote.max_backoff(), path);
  std::map<std::string, std::string> seen;
  for (int i = 0; i < remote.addresses_size(); ++i) {
    const std::string& address = remote.addresses(i);
    const std::string address_path = absl::StrCat(path, ".addresses[", i, "]");
    CheckUnique(seen, address, address_path, "address");
    absl::string_view socket = address;
    if (absl::ConsumePrefix(&socket, "unix:")) CheckSocketPath(std::string(socket), address_path);
  }
  for (RemoteProblem& problem : CheckRemoteSecurity(remote, std::chrono::system_clock::now())) {
    Report(absl::StrCat(path, ".", problem.field), std::move(problem.message),
           problem.is_warning ? Severity::kWarning : Severity::kError);
  }
}

void Checker::CheckRules(const config::v1::RulesConfig& rules, const std::string& path) {
  if (rules.source_case() == config::v1::RulesConfig::SOURCE_NOT_SET) {
    Report(path, "needs 'file' or 'ccd'");
  }
  if (rules.ccd_exclusive() && rules.source_case() != config::v1::RulesConfig::kCcd) {
    Report(absl::StrCat(path, ".ccd_exclusive"), "says nothing without 'ccd'");
  }
  CheckFile(rules.file(), absl::StrCat(path, ".file"));
  CheckFolder(rules.ccd(), absl::StrCat(path, ".ccd"));
}

void Checker::CheckPolicy(const PolicyConfig& policy, const std::string& path) {
  switch (policy.kind_case()) {
    case PolicyConfig::kRules:
      CheckRules(policy.rules(), absl::StrCat(path, ".rules"));
      break;
    case PolicyConfig::kRemote:
      CheckRemote(policy.remote(), absl::StrCat(path, ".remote"));
      break;
    case PolicyConfig::KIND_NOT_SET:
      Report(path, "needs 'rules' or 'remote'");
      break;
  }
}

void Checker::CheckAddressPools() {
  std::map<std::string, std::string> names;
  for (int i = 0; i < config_.address_pools_size(); ++i) {
    CheckUnique(names, config_.address_pools(i).name(), absl::StrCat("address_pools[", i, "].name"),
                "name");
  }
  ReadAddressPools(config_, [this](const std::string& path, std::string message) {
    Report(path, std::move(message));
  });
}

void Checker::CheckAdminTcp(const config::v1::AdminTcpConfig& tcp, const std::string& path) {
  const auto endpoint = ParseHostPort(tcp.address());
  if (!endpoint.ok()) {
    Report(absl::StrCat(path, ".address"), std::string(endpoint.status().message()));
  }
  CheckFile(tcp.certificate(), absl::StrCat(path, ".certificate"));
  CheckFile(tcp.private_key(), absl::StrCat(path, ".private_key"));
  CheckFile(tcp.client_ca(), absl::StrCat(path, ".client_ca"));
  for (int i = 0; i < tcp.roles_size(); ++i) {
    const auto pattern = SanPattern::Parse(tcp.roles(i).san());
    if (pattern.ok()) continue;
    Report(absl::StrCat(path, ".roles[", i, "].san"), std::string(pattern.status().message()));
  }
}

void Checker::Check() {
  CheckAddressPools();
  CheckSocketPath(config_.admin().socket(), "admin.socket");
  CheckUnique(endpoints_, config_.admin().socket(), "admin.socket", "socket");
  CheckSocketPath(config_.admin().viewer().socket(), "admin.viewer.socket");
  CheckUnique(endpoints_, config_.admin().viewer().socket(), "admin.viewer.socket", "socket");
  if (config_.admin().has_tcp()) CheckAdminTcp(config_.admin().tcp(), "admin.tcp");
  std::map<std::string, std::string> policies;
  for (int i = 0; i < config_.policies_size(); ++i) {
    const std::string path = absl::StrCat("policies[", i, "]");
    CheckUnique(policies, config_.policies(i).name(), absl::StrCat(path, ".name"), "name");
    CheckPolicy(config_.policies(i), path);
  }
  std::map<std::string, std::string> instances;
  std::map<std::string, std::string> configs;
  for (int i = 0; i < config_.instances_size(); ++i) {
    const InstanceConfig& instance = config_.instances(i);
    const std::string path = absl::StrCat("instances[", i, "]");
    CheckUnique(instances, instance.name(), absl::StrCat(path, ".name"), "name");
    CheckUnique(configs, instance.config(), absl::StrCat(path, ".config"), "configuration");
    CheckInstance(instance, path);
  }
}

}  // namespace

void CheckConfig(LoadedConfig& loaded) { Checker(loaded).Check(); }

}  // namespace ovpnbroker::server
