#include "server/admin_options.h"

#include <syslog.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/file_mode.h"

namespace ovpnbroker::server {
namespace {

constexpr size_t kMebibyte = size_t{1} << 20;

std::optional<int> FacilityOf(config::v1::SyslogFacility facility) {
  switch (facility) {
    case config::v1::SYSLOG_FACILITY_DAEMON:
      return LOG_DAEMON;
    case config::v1::SYSLOG_FACILITY_AUTH:
      return LOG_AUTH;
    case config::v1::SYSLOG_FACILITY_AUTHPRIV:
      return LOG_AUTHPRIV;
    case config::v1::SYSLOG_FACILITY_LOCAL0:
      return LOG_LOCAL0;
    case config::v1::SYSLOG_FACILITY_LOCAL1:
      return LOG_LOCAL1;
    case config::v1::SYSLOG_FACILITY_LOCAL2:
      return LOG_LOCAL2;
    case config::v1::SYSLOG_FACILITY_LOCAL3:
      return LOG_LOCAL3;
    case config::v1::SYSLOG_FACILITY_LOCAL4:
      return LOG_LOCAL4;
    case config::v1::SYSLOG_FACILITY_LOCAL5:
      return LOG_LOCAL5;
    case config::v1::SYSLOG_FACILITY_LOCAL6:
      return LOG_LOCAL6;
    case config::v1::SYSLOG_FACILITY_LOCAL7:
      return LOG_LOCAL7;
    default:
      return std::nullopt;
  }
}

// AdminConfig and ViewerSocketConfig.
template <typename Config>
ListenerOptions UnixListener(const Config& config, type::v1::Role role) {
  return UnixEndpoint{config.socket(), ParseFileMode(config.mode()), config.group(), role};
}

}  // namespace

std::vector<ListenerOptions> MakeListenerOptions(const config::v1::AdminConfig& config,
                                                 std::shared_ptr<const Access> roles) {
  std::vector<ListenerOptions> listeners = {UnixListener(config, type::v1::ROLE_ADMIN),
                                            UnixListener(config.viewer(), type::v1::ROLE_VIEWER)};
  if (config.has_tcp()) {
    const config::v1::AdminTcpConfig& tcp = config.tcp();
    listeners.emplace_back(TcpEndpoint{tcp.address(), tcp.certificate(), tcp.private_key(),
                                       tcp.client_ca(), tcp.reflection(), std::move(roles)});
  }
  return listeners;
}

CertificateAccess::Grants MakeGrants(const config::v1::AdminTcpConfig& config) {
  CertificateAccess::Grants grants;
  for (const config::v1::RoleGrant& grant : config.roles()) {
    const auto pattern = SanPattern::Parse(grant.san());
    if (pattern.ok()) grants.push_back({*pattern, grant.role()});
  }
  return grants;
}

RotatingFileOptions MakeAuditFileOptions(const config::v1::AuditConfig& config) {
  return {config.file(), config.max_mebibytes() * kMebibyte, config.max_files()};
}

DecisionRecordLogOptions MakeDecisionLogOptions(const config::v1::DecisionLogConfig& config) {
  return {{config.file(), config.max_mebibytes() * kMebibyte, config.max_files()},
          FacilityOf(config.syslog()),
          config.max_waiting()};
}

}  // namespace ovpnbroker::server
