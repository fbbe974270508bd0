// Commands as an operator may read them later: the lines as they were written, except for text that
// could be a secret. What may be shown is a list of options that carry none, not the other way
// round, so an unknown option shows its name only. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ovpn/management/command.h"

namespace ovpnbroker::ovpn {

// Lines beyond this are counted and not shown.
inline constexpr size_t kMaxShownLines = 64;

// The lines of answers (client-auth, client-auth-nt, client-deny, client-pending-auth), without LF.
// Any other command shows its name.
std::vector<std::string> ShownLines(const std::vector<Command>& commands);

// One option line, as in a client-auth body, or without its `push`: whole when it is on the list,
// otherwise its name and "[hidden]".
std::string ShownOption(absl::string_view line);

}  // namespace ovpnbroker::ovpn
