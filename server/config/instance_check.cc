#include "server/config/instance_check.h"

#include <google/protobuf/util/time_util.h>

#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ovpn/base/suggest.h"
#include "ovpn/process/config_check.h"
#include "server/config/address_pools.h"

namespace ovpnbroker::server {
namespace {

using config::v1::InstanceConfig;
using config::v1::ManagementConfig;
using config::v1::PolicyConfig;
using google::protobuf::util::TimeUtil;
using ProtoDuration = google::protobuf::Duration;

// OpenVPN gives up a client that has no verdict after hand-window; the answer must leave some time
// for its last steps.
constexpr int kHandWindowReserveSeconds = 1;

bool IsWholeSeconds(const ProtoDuration& duration) { return duration.nanos() == 0; }

void CheckManagement(const InstanceConfig& instance, const std::string& path,
                     ConfigReport& report) {
  const ManagementConfig& management = instance.management();
  if (management.endpoint_case() == ManagementConfig::kTcp) {
    const std::string tcp = absl::StrCat(path, ".management.tcp");
    report.CheckFile(management.tcp().password_file(), absl::StrCat(tcp, ".password_file"));
    report.CheckEndpoint(management.tcp().address(), absl::StrCat(tcp, ".address"), "address");
    return;
  }
  const std::string socket = absl::StrCat(path, ".management.unix");
  report.CheckSocketPath(management.unix(), socket);
  report.CheckEndpoint(management.unix(), socket, "socket");
}

void CheckPassthrough(const InstanceConfig& instance, const std::string& path,
                      ConfigReport& report) {
  if (!instance.has_passthrough()) return;
  const std::string socket = absl::StrCat(path, ".passthrough.socket");
  report.CheckSocketPath(instance.passthrough().socket(), socket);
  report.CheckEndpoint(instance.passthrough().socket(), socket, "socket");
}

void CheckDecision(const InstanceConfig& instance, const std::string& path, ConfigReport& report) {
  const auto& decision = instance.decision();
  if (decision.timeout() < decision.attempt_timeout()) {
    report.Add(absl::StrCat(path, ".decision.attempt_timeout"),
               absl::StrCat("must not be longer than decision.timeout (",
                            TimeUtil::ToString(decision.timeout()), ")"));
  }
  if (decision.has_max_timeout() && decision.max_timeout() < decision.timeout()) {
    report.Add(absl::StrCat(path, ".decision.max_timeout"),
               absl::StrCat("must not be shorter than decision.timeout (",
                            TimeUtil::ToString(decision.timeout()), ")"));
  }
  if (!IsWholeSeconds(instance.failure().retry_backoff())) {
    report.Add(absl::StrCat(path, ".failure.retry_backoff"),
               "must be whole seconds: clients read it so");
  }
  if (!IsWholeSeconds(instance.bytecount_interval())) {
    report.Add(absl::StrCat(path, ".bytecount_interval"), "must be whole seconds");
  }
}

// A client to whom a verdict gives no address gets one from OpenVPN, which knows nothing of leases.
void CheckOwnPools(const ovpn::OpenvpnConfigSummary& summary, ConfigReport& report) {
  const auto ignore = [](const std::string&, const std::string&) {};  // told by CheckConfig
  for (const policy::AddressPoolOptions& pool : ReadAddressPools(report.config(), ignore)) {
    for (const ovpn::OwnPool& own : summary.own_pools) {
      const policy::AddressRange range{own.first, own.last};
      const bool overlaps = (pool.ipv4.has_value() && pool.ipv4->range.Overlaps(range)) ||
                            (pool.ipv6.has_value() && pool.ipv6->range.Overlaps(range));
      if (!overlaps) continue;
      report.Add(
          Finding{ConfigReport::Severity::kWarning, Place{own.file, own.line, 0}, "",
                  absl::StrCat(own.directive, ": OpenVPN itself hands out ", own.first.ToString(),
                               " to ", own.last.ToString(), ", which overlaps the address pool \"",
                               pool.name, "\": write `nopool`, or choose other addresses")});
    }
  }
}

// The same files would count twice: read by the broker as rules, and by OpenVPN itself.
void CheckClientConfigDir(const InstanceConfig& instance, const ovpn::OpenvpnConfigSummary& summary,
                          const std::string& path, ConfigReport& report) {
  if (summary.client_config_dir.empty()) return;
  for (const PolicyConfig& policy : report.config().policies()) {
    if (policy.name() != instance.policy() || policy.rules().ccd().empty()) continue;
    std::error_code error;
    const std::filesystem::path own =
        std::filesystem::path(instance.working_directory()) / summary.client_config_dir;
    if (!std::filesystem::equivalent(own, policy.rules().ccd(), error)) continue;
    report.Add(
        absl::StrCat(path, ".policy"),
        absl::StrCat("policy \"", policy.name(), "\" reads ", policy.rules().ccd(),
                     ", and so does OpenVPN: take `client-config-dir` out of ", instance.config()));
  }
}

void CheckOpenvpn(const InstanceConfig& instance, const std::string& path, ConfigReport& report) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(instance.config(), error)) return;  // told already
  const ovpn::OpenvpnConfigSummary summary =
      ovpn::CheckOpenvpnConfig(instance.config(), instance.working_directory());
  for (const ovpn::ConfigFinding& finding : summary.findings) {
    const bool is_error = finding.severity == ovpn::ConfigFinding::Severity::kError;
    const absl::string_view separator = finding.directive.empty() ? "" : ": ";
    report.Add(Finding{is_error ? ConfigReport::Severity::kError : ConfigReport::Severity::kWarning,
                       Place{finding.file, finding.line, 0}, "",
                       absl::StrCat(finding.directive, separator, finding.message)});
  }
  const int64_t budget = summary.hand_window_seconds - kHandWindowReserveSeconds;
  const auto check_budget = [&](absl::string_view field, const ProtoDuration& timeout) {
    if (timeout <= TimeUtil::SecondsToDuration(budget)) return;
    report.Add(absl::StrCat(path, ".decision.", field),
               absl::StrCat("OpenVPN gives clients up after its hand-window of ",
                            summary.hand_window_seconds, " s; the decision may take ", budget,
                            " s at most"));
  };
  check_budget("timeout", instance.decision().timeout());
  check_budget("max_timeout", instance.decision().max_timeout());
  CheckOwnPools(summary, report);
  CheckClientConfigDir(instance, summary, path, report);
}

void CheckPolicyReference(const InstanceConfig& instance, const std::string& path,
                          ConfigReport& report) {
  if (instance.policy().empty() || report.config().policies().empty()) return;
  std::vector<absl::string_view> known;
  for (const PolicyConfig& policy : report.config().policies()) {
    if (policy.name() == instance.policy()) return;
    known.push_back(policy.name());
  }
  report.Add(absl::StrCat(path, ".policy"),
             absl::StrCat("there is no policy \"", instance.policy(), "\" in 'policies'",
                          ovpn::DidYouMean(instance.policy(), known)));
}

// One stream has one mode, so a remote policy cannot be asked for both.
void CheckShadows(const InstanceConfig& instance, const std::string& path, ConfigReport& report) {
  std::map<std::string, std::string> seen;
  for (int i = 0; i < instance.shadows_size(); ++i) {
    const std::string& shadow = instance.shadows(i);
    const std::string shadow_path = absl::StrCat(path, ".shadows[", i, "]");
    report.CheckUnique(seen, shadow, shadow_path, "policy");
    const PolicyConfig* candidate = nullptr;
    std::vector<absl::string_view> known;
    for (const PolicyConfig& policy : report.config().policies()) {
      if (policy.name() == shadow) candidate = &policy;
      known.push_back(policy.name());
    }
    if (candidate == nullptr) {
      report.Add(shadow_path, absl::StrCat("there is no policy \"", shadow, "\" in 'policies'",
                                           ovpn::DidYouMean(shadow, known)));
      continue;
    }
    for (const InstanceConfig& other : report.config().instances()) {
      const bool same = other.name() == instance.name();
      if (other.policy() != shadow || !(candidate->has_remote() || same)) continue;
      report.Add(shadow_path,
                 absl::StrCat("\"", shadow, "\" decides for instance \"", other.name(),
                              "\"; write a second policy with another name for the candidate"));
    }
  }
}

}  // namespace

void CheckInstance(const InstanceConfig& instance, const std::string& path, ConfigReport& report) {
  report.CheckFile(instance.openvpn(), absl::StrCat(path, ".openvpn"));
  report.CheckFile(instance.config(), absl::StrCat(path, ".config"));
  CheckManagement(instance, path, report);
  CheckPassthrough(instance, path, report);
  CheckDecision(instance, path, report);
  report.CheckBackoff(instance.restart().initial_backoff(), instance.restart().max_backoff(),
                      absl::StrCat(path, ".restart"));
  CheckOpenvpn(instance, path, report);
  CheckPolicyReference(instance, path, report);
  CheckShadows(instance, path, report);
}

}  // namespace ovpnbroker::server
