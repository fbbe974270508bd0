#include "server/config/config_check.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/config/address_pools.h"
#include "server/config/config_report.h"
#include "server/config/instance_check.h"
#include "server/config/policy_check.h"
#include "server/config/san_pattern.h"
#include "server/config/string_format.h"

namespace ovpnbroker::server {
namespace {

using config::v1::BrokerConfig;
using config::v1::InstanceConfig;

void CheckAddressPools(ConfigReport& report) {
  std::map<std::string, std::string> names;
  for (int i = 0; i < report.config().address_pools_size(); ++i) {
    report.CheckUnique(names, report.config().address_pools(i).name(),
                       absl::StrCat("address_pools[", i, "].name"), "name");
  }
  ReadAddressPools(report.config(), [&report](const std::string& path, std::string message) {
    report.Add(path, std::move(message));
  });
}

void CheckAdminTcp(const config::v1::AdminTcpConfig& tcp, const std::string& path,
                   ConfigReport& report) {
  const auto endpoint = ParseHostPort(tcp.address());
  if (!endpoint.ok()) {
    report.Add(absl::StrCat(path, ".address"), std::string(endpoint.status().message()));
  }
  report.CheckEndpoint(tcp.address(), absl::StrCat(path, ".address"), "address");
  report.CheckFile(tcp.certificate(), absl::StrCat(path, ".certificate"));
  report.CheckFile(tcp.private_key(), absl::StrCat(path, ".private_key"));
  report.CheckFile(tcp.client_ca(), absl::StrCat(path, ".client_ca"));
  for (int i = 0; i < tcp.roles_size(); ++i) {
    const auto pattern = SanPattern::Parse(tcp.roles(i).san());
    if (pattern.ok()) continue;
    report.Add(absl::StrCat(path, ".roles[", i, "].san"), std::string(pattern.status().message()));
  }
}

void CheckMetrics(const config::v1::MetricsConfig& metrics, ConfigReport& report) {
  constexpr char kPath[] = "metrics.address";
  const auto endpoint = ParseHostPort(metrics.address());
  if (!endpoint.ok()) {
    report.Add(kPath, std::string(endpoint.status().message()));
  } else if (!endpoint->is_loopback()) {
    report.Add(kPath,
               "whoever reaches this address may read the metrics; use a loopback address, or let "
               "only the monitoring in",
               ConfigReport::Severity::kWarning);
  }
  report.CheckEndpoint(metrics.address(), kPath, "address");
}

}  // namespace

void CheckConfig(LoadedConfig& loaded) {
  ConfigReport report(loaded);
  const BrokerConfig& config = report.config();
  CheckAddressPools(report);
  report.CheckSocketPath(config.admin().socket(), "admin.socket");
  report.CheckEndpoint(config.admin().socket(), "admin.socket", "socket");
  report.CheckSocketPath(config.admin().viewer().socket(), "admin.viewer.socket");
  report.CheckEndpoint(config.admin().viewer().socket(), "admin.viewer.socket", "socket");
  if (config.has_metrics()) CheckMetrics(config.metrics(), report);
  if (config.admin().has_tcp()) CheckAdminTcp(config.admin().tcp(), "admin.tcp", report);
  std::map<std::string, std::string> policies;
  for (int i = 0; i < config.policies_size(); ++i) {
    const std::string path = absl::StrCat("policies[", i, "]");
    report.CheckUnique(policies, config.policies(i).name(), absl::StrCat(path, ".name"), "name");
    CheckPolicy(config.policies(i), path, report);
  }
  std::map<std::string, std::string> instances;
  std::map<std::string, std::string> configs;
  for (int i = 0; i < config.instances_size(); ++i) {
    const InstanceConfig& instance = config.instances(i);
    const std::string path = absl::StrCat("instances[", i, "]");
    report.CheckUnique(instances, instance.name(), absl::StrCat(path, ".name"), "name");
    report.CheckUnique(configs, instance.config(), absl::StrCat(path, ".config"), "configuration");
    CheckInstance(instance, path, report);
  }
}

}  // namespace ovpnbroker::server
