// Any bytes as a file of drains: drains or an error, never a crash; and what was accepted is the
// same when it is written and read again.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "server/drain_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using ovpnbroker::server::FormatDrains;
  using ovpnbroker::server::ParseDrains;
  const auto read = ParseDrains({reinterpret_cast<const char*>(data), size});
  if (!read.ok()) return 0;
  const std::string text = FormatDrains(*read);
  const auto again = ParseDrains(text);
  if (!again.ok() || FormatDrains(*again) != text) __builtin_trap();
  return 0;
}
