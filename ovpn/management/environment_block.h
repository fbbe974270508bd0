// A notification that is followed by an environment, while its lines come in: collects them up to
// END within limits and hands the event over complete, or nothing. Passwords are taken out here.
// Owned by the MessageParser; loop thread only.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ovpn/base/secret.h"
#include "ovpn/management/message.h"
#include "ovpn/types/environment.h"

namespace ovpnbroker::ovpn {

class EnvironmentBlock {
 public:
  // A CONNECT has about fifty entries in 3 KiB.
  static constexpr size_t kMaxEntries = 1024;
  static constexpr size_t kMaxBytes = 128 * 1024;

  // Whose lines they are: >CLIENT:ENV or >UPDOWN:ENV.
  enum class Source { kClient, kUpDown };

  using Event = std::variant<ClientConnect, ClientChallengeResponse, ClientEstablished,
                             ClientDisconnect, UpDown>;

  // Begins a block; none may be open.
  void Open(Event&& event);
  // Begins a block that is dropped: its header was unknown or wrong, and has been reported.
  void OpenIgnored(Source source);
  bool is_open() const { return state_ != State::kClosed; }

  // Takes what follows "ENV," in a line and overwrites a password in it. Makes the message when the
  // block is complete, or when the line is wrong; it is made in place, as moving one costs more
  // than a line.
  void Add(Source source, absl::Span<char> entry, std::optional<Message>& message);

  // What each line of a client's environment begins with.
  static constexpr absl::string_view kClientPrefix = ">CLIENT:ENV,";
  // Takes the lines at the beginning of `text` that Add would only append: of a CONNECT's fifty,
  // all but the password and END. Returns how many bytes they have.
  size_t AddPlainLines(absl::string_view text);

  // Another line than the block's came: drops the block. An error unless it was an ignored one,
  // which may as well have no environment at all.
  std::optional<ProtocolError> BreakOff(absl::string_view cause);

 private:
  enum class State {
    kClosed,
    kCollecting,
    kIgnoring,  // up to END
  };

  bool Awaits(Source source) const { return state_ == State::kCollecting && source == source_; }
  void AddUnawaited(Source source, bool is_end, std::optional<Message>& message);
  ProtocolError MakeError(absl::string_view what) const;
  ProtocolError Ignore(absl::string_view what);
  void Finish(std::optional<Message>& message);
  void Close();

  State state_ = State::kClosed;
  Source source_ = Source::kClient;
  Event event_;
  Environment::Builder entries_;
  std::optional<Secret> password_;
};

}  // namespace ovpnbroker::ovpn
