// Variables of the environment that stand in for options. Any thread, as long as nobody sets one.
#pragma once

#include <cstdlib>
#include <string>

namespace ovpnbroker::ctl {

// Empty when it is not set.
inline std::string EnvironmentVariable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace ovpnbroker::ctl
