// Bytes of a child's output to lines, with a limit on what is kept of one. Owned by the child's
// watch; loop thread only.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

namespace ovpnbroker::ovpn {

class LineSplitter {
 public:
  using LineCallback = absl::FunctionRef<void(absl::string_view)>;

  explicit LineSplitter(size_t max_line_bytes) : max_line_bytes_(max_line_bytes) {}

  // Takes the next bytes in any chunking. Lines come without LF and without a CR before it.
  void Feed(absl::string_view bytes, LineCallback on_line) {
    while (!bytes.empty()) {
      const size_t newline = bytes.find('\n');
      const absl::string_view piece = bytes.substr(0, newline);
      line_.append(piece.data(), std::min(piece.size(), max_line_bytes_ - line_.size()));
      if (newline == absl::string_view::npos) return;
      if (!line_.empty() && line_.back() == '\r') line_.pop_back();
      on_line(std::exchange(line_, {}));
      bytes.remove_prefix(newline + 1);
    }
  }

  // No more bytes will come: what stands there without a newline is a line too.
  void Finish(LineCallback on_line) {
    if (!line_.empty()) on_line(std::exchange(line_, {}));
  }

 private:
  size_t max_line_bytes_;
  std::string line_;  // the line so far; never longer than the limit
};

}  // namespace ovpnbroker::ovpn
