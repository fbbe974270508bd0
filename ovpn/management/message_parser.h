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
  // Each makes the message where Next returns it, if there is one.
  void ParseLine(absl::Span<char> line, std::optional<Message>& message);
  void ParseClientLine(absl::Span<char> text, std::optional<Message>& message);
  void ParseUpDownLine(absl::Span<char> text, std::optional<Message>& message);
  // Puts an error before `message` when its line broke a block off.
  void BreakOff(absl::string_view cause, std::optional<Message>& message);

  LineReader reader_;
  EnvironmentBlock block_;
  std::optional<Message> deferred_;  // the second message of a line that also broke a block off
};

}  // namespace ovpnbroker::ovpn
