// Bytes through a MessageParser in pieces of any size, for tests of "any chunking gives the same
// messages".
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ovpn/management/message_parser.h"
#include "tests/support/message_text.h"

namespace ovpnbroker::test {

using Print = std::string (*)(const ovpn::Message&);

// `next_chunk` gives the size of each piece, at least 1.
inline std::vector<std::string> ParseChunked(absl::string_view bytes,
                                             const std::function<size_t()>& next_chunk,
                                             Print print = Full) {
  ovpn::MessageParser parser;
  std::vector<std::string> texts;
  while (!bytes.empty()) {
    const absl::Span<char> space = parser.Prepare();
    const size_t size = std::min({next_chunk(), space.size(), bytes.size()});
    std::copy_n(bytes.data(), size, space.data());
    parser.Commit(size);
    bytes.remove_prefix(size);
    while (const std::optional<ovpn::Message> message = parser.Next()) {
      texts.push_back(print(*message));
    }
  }
  return texts;
}

// In pieces as large as the parser takes.
inline std::vector<std::string> ParseWhole(absl::string_view bytes, Print print = Full) {
  return ParseChunked(bytes, [&] { return bytes.size(); }, print);
}

}  // namespace ovpnbroker::test
