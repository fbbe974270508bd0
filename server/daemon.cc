#include "server/daemon.h"

#include <algorithm>
#include <asio/post.hpp>
#include <chrono>
#include <string>

#include "server/config/config_loader.h"
#include "server/proto_log_level.h"

namespace ovpnbroker::server {
namespace {

constexpr std::chrono::seconds kTick{1};

}  // namespace

LogFormat ToLogFormat(const config::v1::LogConfig& config) {
  return config.format() == config::v1::LOG_FORMAT_JSON ? LogFormat::kJson : LogFormat::kText;
}

ovpn::LogLevel ToLogLevel(const config::v1::LogConfig& config) {
  return ToLogLevel(config.level());
}

Daemon::Daemon(asio::io_context& loop, Broker& broker, ovpn::Logger& logger,
               LogLevelControl& log_level)
    : loop_(loop),
      broker_(broker),
      logger_(logger),
      log_level_(log_level),
      systemd_(loop),
      signals_(loop, {.terminate = [this] { Stop(kExitOk); },
                      .hand_over = [this] { HandOver(); },
                      .abort = [this] { Abort(); },
                      .reload = [this] { Reload(); },
                      .attach = [this] { Attach(); },
                      .detach = [this] { Detach(); }}),
      tick_(loop) {}

int Daemon::Run() {
  broker_.SetFailFastListener([this](const std::string& instance) {
    logger_.Error("FAIL_FAST", "an instance has failed and fail_fast is set: the broker stops",
                  {{"instance", instance}});
    // Posted: the instance is in the middle of telling its state.
    asio::post(loop_, [this] { Stop(kExitFailure); });
  });
  Tick();
  broker_.Start();
  systemd_.Ready("");
  logger_.Info("BROKER_STARTED", "the broker runs", {{"version", OVPNBROKER_VERSION}});
  loop_.run();
  logger_.Info("BROKER_STOPPED", "the broker has stopped", {{"exit_code", exit_code_}});
  return exit_code_;
}

void Daemon::Attach() {
  logger_.Info("ATTACH", "all instances that do not run are started");
  broker_.Attach();
}

void Daemon::Detach() {
  logger_.Info("DETACH", "all children are ended; the admin API stays up");
  broker_.Detach();
}

void Daemon::Abort() {
  logger_.Warning("STOP_AT_ONCE", "a second signal to stop: what has not ended yet is left behind");
  exit_code_ = kExitFailure;
  loop_.stop();
}

void Daemon::Reload() {
  systemd_.Reloading();
  broker_.Reload(/*validate_only=*/false);
  systemd_.Ready("");
}

void Daemon::Stop(int exit_code) {
  logger_.Info("BROKER_STOPPING", "the broker denies what is open and ends its children");
  exit_code_ = std::max(exit_code_, exit_code);
  systemd_.Stopping();
  broker_.Shutdown([this] { loop_.stop(); });
}

void Daemon::HandOver() {
  logger_.Info("HANDOVER", "the broker stops and leaves its children to the next one");
  systemd_.Stopping();
  broker_.HandOver([this] { loop_.stop(); });
}

void Daemon::Tick() {
  broker_.RefreshHealth();
  tick_.expires_after(kTick);
  tick_.async_wait([this](const asio::error_code& error) {
    if (!error) Tick();
  });
}

}  // namespace ovpnbroker::server
