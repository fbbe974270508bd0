// Bytes from OpenVPN's management socket as messages: any chunking of the same bytes gives the same
// messages. A pure state machine, one a connection: what a lost connection left half said dies with
// its parser. Owned by the Link; loop thread only.
//
//   read into parser.Prepare(); parser.Commit(n);
//   while (std::optional<Message> message = parser.Next()) ...
#pragma once

#include <optional>

#include "absl/types/span.h"
#include "ovpn/management/environment_block.h"
#include "ovpn/management/line_reader.h"
#include "ovpn/management/message.h"

namespace ovpnbroker::ovpn {

class MessageParser {
 public:
  absl::Span<char> Prepare() { return reader_.Prepare(); }
  void Commit(size_t size) { reader_.Commit(size); }

  // The next message; nullopt when more bytes are needed.
  std::optional<Message> Next();

 private:
  std::optional<Message> ParseLine(absl::Span<char> line);
  std::optional<Message> ParseClientLine(absl::Span<char> text);
  std::optional<Message> ParseUpDownLine(absl::Span<char> text);
  // `message`, after the error when it broke a block off.
  Message BreakingOff(absl::string_view cause, Message message);

  LineReader reader_;
  EnvironmentBlock block_;
  std::optional<Message> deferred_;  // the second message of a line that also broke a block off
};

}  // namespace ovpnbroker::ovpn
