// Levels of the configuration as levels of the log. Any thread.
#pragma once

#include "ovpn/base/log.h"
#include "ovpnbroker/config/v1/broker_config.pb.h"

namespace ovpnbroker::server {

inline ovpn::LogLevel ToLogLevel(config::v1::LogLevel level) {
  switch (level) {
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

}  // namespace ovpnbroker::server
