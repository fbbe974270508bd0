// Any bytes as a file of session ends: ends or an error, never a crash; and what was accepted is
// the same when it was taken in and written again.
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/strings/string_view.h"
#include "policy/session_end_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using ovpnbroker::policy::FormatSessionEnds;
  using ovpnbroker::policy::ParseSessionEnds;
  auto read = ParseSessionEnds({reinterpret_cast<const char*>(data), size});
  if (!read.ok()) return 0;
  ovpnbroker::policy::SessionEnds ends;
  ends.Restore(*std::move(read), ovpnbroker::ovpn::WallTime{});
  const std::string text = FormatSessionEnds(ends.All());
  const auto again = ParseSessionEnds(text);
  if (!again.ok() || FormatSessionEnds(*again) != text) __builtin_trap();
  return 0;
}
