// Any bytes from a management socket: the parser takes them all, and their chunking changes
// nothing. The first byte of an input chooses the chunking of the rest.
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/support/parse_chunked.h"

namespace {

constexpr size_t kMaxChunk = 64;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const uint8_t chunking = data[0];
  const absl::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);

  std::minstd_rand random(chunking);
  const auto next_chunk = [&]() -> size_t {
    return chunking == 0 ? 1 : 1 + static_cast<size_t>(random()) % kMaxChunk;
  };
  const std::vector<std::string> chunked = ovpnbroker::test::ParseChunked(bytes, next_chunk);
  if (chunked != ovpnbroker::test::ParseWhole(bytes)) std::abort();
  return 0;
}
