#include "server/instance_factory.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/status_macros.h"
#include "ovpn/process/config_check.h"
#include "server/file_mode.h"
#include "server/proto_duration.h"
#include "server/proto_log_level.h"

namespace ovpnbroker::server {
namespace {

ovpn::RestartOptions MakeRestartOptions(const config::v1::RestartConfig& config) {
  ovpn::RestartOptions options;
  switch (config.policy()) {
    case config::v1::RESTART_POLICY_ALWAYS:
      options.mode = ovpn::RestartMode::kAlways;
      break;
    case config::v1::RESTART_POLICY_NEVER:
      options.mode = ovpn::RestartMode::kNever;
      break;
    default:
      options.mode = ovpn::RestartMode::kOnFailure;
  }
  options.initial_delay = ToDuration(config.initial_backoff());
  options.max_delay = ToDuration(config.max_backoff());
  options.stable_after = ToDuration(config.stable_after());
  options.max_deaths = static_cast<int>(config.max_deaths());
  options.death_window = ToDuration(config.death_window());
  return options;
}

bool HasArgument(const config::v1::InstanceConfig& config, absl::string_view argument) {
  return std::find(config.arguments().begin(), config.arguments().end(), argument) !=
         config.arguments().end();
}

// The number after the last `argument` on the command line, which wins over the file.
int LastNumber(const config::v1::InstanceConfig& config, absl::string_view argument, int in_file) {
  int number = in_file;
  for (int i = 0; i + 1 < config.arguments_size(); ++i) {
    if (config.arguments(i) != argument) continue;
    if (!absl::SimpleAtoi(config.arguments(i + 1), &number)) number = 0;
  }
  return number;
}

std::optional<ovpn::PassthroughConfig> MakePassthroughConfig(
    const config::v1::InstanceConfig& config, const ovpn::OpenvpnConfigSummary& summary) {
  if (!config.has_passthrough()) return std::nullopt;
  const config::v1::PassthroughConfig& values = config.passthrough();
  ovpn::PassthroughConfig passthrough;
  passthrough.socket = values.socket();
  passthrough.permissions = {ParseFileMode(values.mode()), values.group()};
  passthrough.max_clients = values.max_clients();
  passthrough.max_output_bytes = size_t{values.max_output_kibibytes()} * 1024;
  passthrough.client_notifications = values.client_notifications();
  passthrough.verbosity = LastNumber(config, "--verb", summary.verbosity);
  const int version = LastNumber(config, "--status-version", summary.status_version);
  // OpenVPN knows formats 1 to 3.
  passthrough.status_version = version >= 1 && version <= 3 ? version : ovpn::kDefaultStatusVersion;
  return passthrough;
}

// OpenVPN takes the first line of the file.
absl::StatusOr<ovpn::Secret> ReadPassword(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line) || line.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": no management password in its first line"));
  }
  if (line.back() == '\r') line.pop_back();
  return ovpn::Secret(line);
}

}  // namespace

ovpn::AddressMismatch ToMismatch(config::v1::AddressMismatch mismatch) {
  return mismatch == config::v1::ADDRESS_MISMATCH_TOLERATE ? ovpn::AddressMismatch::kTolerate
                                                           : ovpn::AddressMismatch::kKill;
}

absl::StatusOr<InstanceParts> MakeInstanceParts(const config::v1::InstanceConfig& config,
                                                const config::v1::BrokerConfig& broker) {
  const bool tcp = config.management().has_tcp();
  ASSIGN_OR_RETURN(ovpn::ManagementAddress address,
                   tcp ? ovpn::ManagementAddress::Tcp(config.management().tcp().address())
                       : ovpn::ManagementAddress::Unix(config.management().unix()));
  ASSIGN_OR_RETURN(ovpn::DirectivePolicy allowed_raw,
                   ovpn::DirectivePolicy::Make({config.allowed_raw_directives().begin(),
                                                config.allowed_raw_directives().end()}));

  ovpn::InstanceConfig instance(std::move(address));
  instance.name = config.name();
  instance.openvpn = config.openvpn();
  instance.openvpn_config = config.config();
  instance.working_directory = config.working_directory();
  instance.extra_arguments.assign(config.arguments().begin(), config.arguments().end());
  instance.runtime_directory = broker.runtime_directory();
  instance.openvpn_log_level = ToLogLevel(broker.log().openvpn_level());
  instance.bytecount_interval = ToSeconds(config.bytecount_interval());
  instance.reply_timeout = ToDuration(config.reply_timeout());
  instance.restart = MakeRestartOptions(config.restart());
  instance.stop_timeout = ToDuration(config.stop_timeout());
  instance.prompt_verdict = config.prompt_verdict();
  const ovpn::OpenvpnConfigSummary summary =
      ovpn::CheckOpenvpnConfig(config.config(), config.working_directory());
  instance.hand_window = std::chrono::seconds(summary.hand_window_seconds);
  instance.reneg_interval = std::chrono::seconds(summary.reneg_seconds);
  instance.address_mismatch = ToMismatch(config.address_mismatch());

  instance.passthrough = MakePassthroughConfig(config, summary);

  std::optional<ovpn::Secret> password;
  if (tcp) {
    instance.management_password_file = config.management().tcp().password_file();
    ASSIGN_OR_RETURN(password, ReadPassword(instance.management_password_file));
  }
  return InstanceParts{
      std::move(instance), std::move(allowed_raw), std::move(password),
      summary.duplicate_cn || HasArgument(config, "--duplicate-cn"),
      summary.username_as_common_name || HasArgument(config, "--username-as-common-name")};
}

}  // namespace ovpnbroker::server
