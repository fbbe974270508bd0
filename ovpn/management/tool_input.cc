#include "ovpn/management/tool_input.h"

#include <utility>

#include "ovpn/management/text_argument.h"

namespace ovpnbroker::ovpn {

void ToolInput::Append(absl::string_view bytes) {
  for (const char byte : bytes) {
    if (byte == '\n') {
      lines_.push_back(std::exchange(current_, Line()));
    } else if (current_.overlong || IsControlByte(byte)) {
      continue;
    } else if (current_.text.size() == kMaxLineBytes) {
      current_ = {.text = "", .overlong = true};
    } else {
      current_.text.push_back(byte);
    }
  }
}

ToolInput::Line ToolInput::Take() {
  Line line = std::move(lines_.front());
  lines_.pop_front();
  return line;
}

}  // namespace ovpnbroker::ovpn
