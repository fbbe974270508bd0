// The reply to `status 3` as tools asked for it. OpenVPN is only ever asked for format 3: in format
// 1 a row begins with the client's common name, which could pass for a notification, and only in
// format 3 no value can hold the separator. Pure; any thread.
#pragma once

#include <string>

#include "absl/types/span.h"

namespace ovpnbroker::ovpn {

// `lines` are the reply to `status 3` without its END; `format` is 1, 2 or 3. The whole reply in
// that format, byte for byte as OpenVPN 2.6 prints it, up to and with END.
std::string StatusText(absl::Span<const std::string> lines, int format);

}  // namespace ovpnbroker::ovpn
