// Reads management input as OpenVPN 2.6 does, mistakes included: what a writer's bytes really do
// there. Written from OpenVPN's sources (manage.c, options.c, buffer.c), apart from our own option
// parser, so that the two check each other.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ovpnbroker::test {

// One line as parse_line splits it; nullopt when OpenVPN rejects the line.
std::optional<std::vector<std::string>> OpenvpnWords(absl::string_view line);

struct ExecutedCommand {
  // The words of the command; empty when the line was rejected.
  std::vector<std::string> words;
  // client-auth only: the options that its body was read as; an empty one was rejected.
  std::vector<std::vector<std::string>> body;
  // A body line asked for an inline file that is not there: OpenVPN exits.
  bool fatal = false;
};

// The commands that OpenVPN runs for `bytes`, in order. Comments and blank lines run nothing.
std::vector<ExecutedCommand> RunAsOpenvpn(absl::string_view bytes);

}  // namespace ovpnbroker::test
