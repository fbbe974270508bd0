#include "ovpn/management/query_command.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace ovpnbroker::ovpn {
namespace {

Command Make(absl::string_view name, absl::string_view argument = "") {
  return {.name = std::string(name),
          .bytes = absl::StrCat(name, argument.empty() ? "" : " ", argument, "\n")};
}

}  // namespace

absl::string_view ToString(Topic topic) {
  switch (topic) {
    case Topic::kLog:
      return "log";
    case Topic::kEcho:
      return "echo";
    case Topic::kState:
      return "state";
  }
  return "state";
}

namespace commands {

Command Realtime(Topic topic, bool on) { return Make(ToString(topic), on ? "on" : "off"); }

Command History(Topic topic, std::optional<int> lines) {
  const bool all = !lines.has_value() || *lines > kMaxHistoryLines;
  Command command = Make(ToString(topic), all ? "all" : absl::StrCat(*lines));
  command.multi_line_reply = true;
  return command;
}

Command LoadStats() { return Make("load-stats"); }
Command ClientCount() { return Make("nclients"); }
Command HoldFlag() { return Make("hold"); }
Command Verbosity() { return Make("verb"); }
Command MuteLevel() { return Make("mute"); }

}  // namespace commands

}  // namespace ovpnbroker::ovpn
