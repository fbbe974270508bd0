#include "server/daemon.h"

#include <signal.h>

#include <asio/post.hpp>
#include <chrono>

#include "server/config/config_loader.h"

namespace ovpnbroker::server {
namespace {

constexpr std::chrono::seconds kTick{1};

}  // namespace

LogFormat ToLogFormat(const config::v1::LogConfig& config) {
  return config.format() == config::v1::LOG_FORMAT_JSON ? LogFormat::kJson : LogFormat::kText;
}

ovpn::LogLevel ToLogLevel(const config::v1::LogConfig& config) {
  switch (config.level()) {
    case config::v1::LOG_LEVEL_TRACE:
      return ovpn::LogLevel::kTrace;
    case config::v1::LOG_LEVEL_DEBUG:
      return ovpn::LogLevel::kDebug;
    case config::v1::LOG_LEVEL_WARNING:
      return ovpn::LogLevel::kWarning;
    case config::v1::LOG_LEVEL_ERROR:
      return ovpn::LogLevel::kError;
    default:
      return ovpn::LogLevel::kInfo;
  }
}

Daemon::Daemon(asio::io_context& loop, Broker& broker, SpdlogLogger& logger)
    : loop_(loop),
      broker_(broker),
      logger_(logger),
      signals_(loop, SIGTERM, SIGINT, SIGHUP),
      tick_(loop) {
  signals_.add(SIGUSR1);
  signals_.add(SIGUSR2);
  // A policy or an admin client that goes away while we write to it must not end the broker.
  signal(SIGPIPE, SIG_IGN);
}

int Daemon::Run() {
  broker_.SetFailFastListener([this](const std::string& instance) {
    logger_.Error("FAIL_FAST", "an instance has failed and fail_fast is set: the broker stops",
                  {{"instance", instance}});
    // Posted: the instance is in the middle of telling its state.
    asio::post(loop_, [this] { Stop(kExitFailure); });
  });
  WaitForSignal();
  Tick();
  broker_.Start();
  systemd_.NotifyReady();
  logger_.Info("BROKER_STARTED", "the broker runs", {{"version", OVPNBROKER_VERSION}});
  loop_.run();
  logger_.Info("BROKER_STOPPED", "the broker has stopped", {{"exit_code", exit_code_}});
  return exit_code_;
}

void Daemon::WaitForSignal() {
  signals_.async_wait([this](const asio::error_code& error, int signal) {
    if (error) return;
    WaitForSignal();
    OnSignal(signal);
  });
}

void Daemon::OnSignal(int signal) {
  logger_.Info("SIGNAL", "a signal came", {{"signal", strsignal(signal)}});
  switch (signal) {
    case SIGHUP:
      return Reload();
    case SIGUSR1:
      return broker_.Attach();
    case SIGUSR2:
      return broker_.Detach();
    default:
      return Stop(kExitOk);
  }
}

void Daemon::Reload() {
  systemd_.NotifyReloading();
  const absl::StatusOr<config::v1::BrokerConfig> config = broker_.Reload();
  if (config.ok()) {
    logger_.SetLevel(ToLogLevel(config->log()));
    logger_.Info("CONFIG_RELOADED",
                 "rules and log level are those of the files now; the rest changes at a restart");
  } else {
    logger_.Error("CONFIG_NOT_RELOADED", "the configuration has errors; nothing was changed",
                  {{"errors", config.status().message()}});
  }
  systemd_.NotifyReady();
}

void Daemon::Stop(int exit_code) {
  exit_code_ = std::max(exit_code_, exit_code);
  systemd_.NotifyStopping();
  broker_.Shutdown([this] { loop_.stop(); });
}

void Daemon::Tick() {
  broker_.RefreshHealth();
  systemd_.NotifyWatchdog();
  tick_.expires_after(kTick);
  tick_.async_wait([this](const asio::error_code& error) {
    if (!error) Tick();
  });
}

}  // namespace ovpnbroker::server
