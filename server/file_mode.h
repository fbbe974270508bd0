// Permissions as the configuration writes them ("0660"). Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

namespace ovpnbroker::server {

// The configuration's check lets octal digits through only.
inline uint32_t ParseFileMode(const std::string& text) {
  uint32_t mode = 0;
  for (const char digit : text) mode = mode * 8 + static_cast<uint32_t>(digit - '0');
  return mode;
}

}  // namespace ovpnbroker::server
