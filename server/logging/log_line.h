// The part of a log line behind time and level, in both formats. Pure functions: any bytes in, one
// line of valid UTF-8 without control characters out. Any thread.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ovpn/base/log.h"

namespace ovpnbroker::server {

// What both writers of the log say when they had to leave lines out.
inline constexpr absl::string_view kLogLinesDroppedMessage = "whoever reads the log was too slow";

// `CHILD_EXITED the child ended instance=office status="signal 9"`. A value is quoted when it is
// empty or holds blanks, quotes, `=`, or bytes that need escaping: \" \\ \n \r \t, \xHH for the
// rest and for bytes that are not UTF-8.
std::string TextLogBody(absl::string_view id, absl::string_view message,
                        absl::Span<const ovpn::LogField> fields);

// `"id":"CHILD_EXITED","message":"the child ended","fields":{"instance":"office"}`. Bytes that are
// not UTF-8 become U+FFFD. All field values are strings.
std::string JsonLogBody(absl::string_view id, absl::string_view message,
                        absl::Span<const ovpn::LogField> fields);

}  // namespace ovpnbroker::server
