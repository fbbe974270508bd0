// What a tool writes into a pass-through socket, in any chunking, as command lines, by OpenVPN's
// rules: LF ends a line, other control bytes are deleted. Bounded: an overlong line is dropped
// whole, and never runs in part. A pure state machine; loop thread only.
#pragma once

#include <deque>
#include <string>

#include "absl/strings/string_view.h"

namespace ovpnbroker::ovpn {

class ToolInput {
 public:
  // OpenVPN's own input buffer, in which a longer line would be lost.
  static constexpr size_t kMaxLineBytes = 1024;

  struct Line {
    std::string text;  // without its line end and without control bytes
    bool overlong = false;
  };

  void Append(absl::string_view bytes);
  bool has_line() const { return !lines_.empty(); }
  // has_line() must be true.
  Line Take();

 private:
  std::deque<Line> lines_;
  Line current_;
};

}  // namespace ovpnbroker::ovpn
