// Single lines of notifications, without regard to what came before them. Pure functions; any
// thread.
#pragma once

#include <variant>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ovpn/management/environment_block.h"
#include "ovpn/management/message.h"

namespace ovpnbroker::ovpn {

// `line` is a notification after its '>', none of >CLIENT and >UPDOWN.
Message ParseNotification(absl::string_view line);

// `header` is what follows ">CLIENT:", not an ENV line. An event opens a block; a message is
// complete (ADDRESS), unknown or wrong. The text of a CR_RESPONSE is overwritten.
std::variant<EnvironmentBlock::Event, Message> ParseClientHeader(absl::Span<char> header);

// A notification that nobody knows, with its values hidden. `text` follows the name's ':'.
UnknownNotification MakeUnknown(absl::string_view name, absl::string_view text);

}  // namespace ovpnbroker::ovpn
