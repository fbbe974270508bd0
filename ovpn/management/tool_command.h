// One command line of a tool as what is to be done for it: by OpenVPN's lexer and in OpenVPN's
// words, but only what shows something is done, the rest is refused with a reason. Nothing that a
// tool wrote becomes text for OpenVPN: what is asked on its behalf is built anew. Pure; any thread.
#pragma once

#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "ovpn/management/query_command.h"

namespace ovpnbroker::ovpn {

// What a tool's command consists of; `log on all` has two steps.
struct TextStep {
  std::string text;  // complete lines, or none
};
struct AskStep {
  Command command;
};
struct RealtimeStep {
  Topic topic;
  bool on;
};
struct ByteCountStep {
  std::chrono::seconds interval;  // 0: off
};
struct StatusStep {
  int format;  // 1, 2, 3; 0: the one that OpenVPN is configured to use
};
using ToolStep = std::variant<TextStep, AskStep, RealtimeStep, ByteCountStep, StatusStep>;

struct ToolCommand {
  std::vector<ToolStep> steps;  // none for a blank line or a comment
  std::string refused;          // the name of a command that this socket refuses
  // The steps come after the lines that follow, up to one that is "END"; none of those is a
  // command.
  bool body_follows = false;
  bool quit = false;
};

// `line` comes from ToolInput. `title` is OpenVPN's, for `help`.
ToolCommand ParseToolCommand(absl::string_view line, absl::string_view title);

// What a tool reads whose line was dropped.
std::string OverlongLineText();

}  // namespace ovpnbroker::ovpn
