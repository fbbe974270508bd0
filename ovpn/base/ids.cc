#include "ovpn/base/ids.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>

namespace ovpnbroker::ovpn {
namespace {

constexpr size_t kUuidBytes = 16;
constexpr size_t kUuidTextBytes = 2 * kUuidBytes + 4;  // four dashes
// getrandom(2) gives so many without being interrupted, once its pool is initialised.
constexpr size_t kPoolBytes = 256;
static_assert(kPoolBytes % kUuidBytes == 0);

// The kernel's random bytes, some calls' worth at a time: a call costs more than all the rest of an
// id. Each byte is given out once.
void TakeRandomBytes(std::array<uint8_t, kUuidBytes>& bytes) {
  thread_local std::array<uint8_t, kPoolBytes> pool;
  thread_local size_t left = 0;
  if (left == 0) {
    while (getrandom(pool.data(), pool.size(), 0) != static_cast<ssize_t>(pool.size())) {
      if (errno != EINTR) std::abort();
    }
    left = pool.size();
  }
  left -= bytes.size();
  std::copy_n(pool.begin() + static_cast<std::ptrdiff_t>(left), bytes.size(), bytes.begin());
}

}  // namespace

std::string NewUuid7(WallTime now) {
  std::array<uint8_t, kUuidBytes> bytes;
  TakeRandomBytes(bytes);
  const auto millis = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
  for (size_t i = 0; i < 6; ++i) bytes[i] = static_cast<uint8_t>(millis >> (8 * (5 - i)));
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | 0x70);  // version 7
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);  // variant 10

  static constexpr char kHex[] = "0123456789abcdef";
  std::string text(kUuidTextBytes, '-');
  char* out = text.data();
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) ++out;
    *out++ = kHex[bytes[i] >> 4];
    *out++ = kHex[bytes[i] & 0x0f];
  }
  return text;
}

}  // namespace ovpnbroker::ovpn
