// The broker as a process: signals, the once-a-second turn for health and systemd's watchdog, and
// the exit code. Made by main on its stack; loop thread only.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include "ovpn/base/log.h"
#include "ovpnbroker/config/v1/broker_config.pb.h"
#include "server/broker.h"
#include "server/logging/log_level_control.h"
#include "server/logging/spdlog_logger.h"
#include "server/signals.h"
#include "server/systemd.h"

namespace ovpnbroker::server {

LogFormat ToLogFormat(const config::v1::LogConfig& config);
ovpn::LogLevel ToLogLevel(const config::v1::LogConfig& config);

class Daemon {
 public:
  // All references outlive the daemon.
  Daemon(asio::io_context& loop, Broker& broker, ovpn::Logger& logger, LogLevelControl& log_level);

  // Starts the broker and returns the process's exit code when it has stopped.
  int Run();

 private:
  void Attach();
  void Detach();
  void Abort();
  void Reload();
  void Stop(int exit_code);
  void HandOver();
  void Tick();

  asio::io_context& loop_;
  Broker& broker_;
  ovpn::Logger& logger_;
  LogLevelControl& log_level_;
  SystemdNotifier systemd_;
  Signals signals_;
  asio::steady_timer tick_;
  int exit_code_ = 0;
};

}  // namespace ovpnbroker::server
