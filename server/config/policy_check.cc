#include "server/config/policy_check.h"

#include <chrono>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/config/remote_check.h"

namespace ovpnbroker::server {
namespace {

using config::v1::PolicyConfig;
using config::v1::RemoteConfig;

void CheckRemote(const RemoteConfig& remote, const std::string& path, ConfigReport& report) {
  report.CheckBackoff(remote.initial_backoff(), remote.max_backoff(), path);
  std::map<std::string, std::string> seen;
  for (int i = 0; i < remote.addresses_size(); ++i) {
    const std::string& address = remote.addresses(i);
    const std::string address_path = absl::StrCat(path, ".addresses[", i, "]");
    report.CheckUnique(seen, address, address_path, "address");
    absl::string_view socket = address;
    if (!absl::ConsumePrefix(&socket, "unix:")) continue;
    report.CheckSocketPath(std::string(socket), address_path);
  }
  for (RemoteProblem& problem : CheckRemoteSecurity(remote, std::chrono::system_clock::now())) {
    report.Add(
        absl::StrCat(path, ".", problem.field), std::move(problem.message),
        problem.is_warning ? ConfigReport::Severity::kWarning : ConfigReport::Severity::kError);
  }
}

void CheckRules(const config::v1::RulesConfig& rules, const std::string& path,
                ConfigReport& report) {
  if (rules.source_case() == config::v1::RulesConfig::SOURCE_NOT_SET) {
    report.Add(path, "needs 'file' or 'ccd'");
  }
  if (rules.ccd_exclusive() && rules.source_case() != config::v1::RulesConfig::kCcd) {
    report.Add(absl::StrCat(path, ".ccd_exclusive"), "says nothing without 'ccd'");
  }
  report.CheckFile(rules.file(), absl::StrCat(path, ".file"));
  report.CheckFolder(rules.ccd(), absl::StrCat(path, ".ccd"));
}

}  // namespace

void CheckPolicy(const PolicyConfig& policy, const std::string& path, ConfigReport& report) {
  switch (policy.kind_case()) {
    case PolicyConfig::kRules:
      CheckRules(policy.rules(), absl::StrCat(path, ".rules"), report);
      break;
    case PolicyConfig::kRemote:
      CheckRemote(policy.remote(), absl::StrCat(path, ".remote"), report);
      break;
    case PolicyConfig::KIND_NOT_SET:
      report.Add(path, "needs 'rules' or 'remote'");
      break;
  }
}

}  // namespace ovpnbroker::server
