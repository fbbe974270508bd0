#include "ovpn/management/environment_block.h"

#include <string.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/base/overloaded.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr absl::string_view kEnd = "END";
constexpr absl::string_view kPasswordName = "password";

std::string Describe(const EnvironmentBlock::Event& event) {
  return std::visit(
      Overloaded{
          [](const ClientConnect& e) {
            return absl::StrCat("CLIENT:", e.reauth ? "REAUTH" : "CONNECT", " of CID ", e.cid.value,
                                " KID ", e.kid.value);
          },
          [](const ClientChallengeResponse& e) {
            return absl::StrCat("CLIENT:CR_RESPONSE of CID ", e.cid.value);
          },
          [](const ClientEstablished& e) {
            return absl::StrCat("CLIENT:ESTABLISHED of CID ", e.cid.value);
          },
          [](const ClientDisconnect& e) {
            return absl::StrCat("CLIENT:DISCONNECT of CID ", e.cid.value);
          },
          [](const UpDown& e) { return absl::StrCat("UPDOWN:", e.up ? "UP" : "DOWN"); },
      },
      event);
}

EnvironmentBlock::Source SourceOf(const EnvironmentBlock::Event& event) {
  return std::holds_alternative<UpDown>(event) ? EnvironmentBlock::Source::kUpDown
                                               : EnvironmentBlock::Source::kClient;
}

}  // namespace

void EnvironmentBlock::Open(Event event) {
  source_ = SourceOf(event);
  event_ = std::move(event);
  state_ = State::kCollecting;
}

void EnvironmentBlock::OpenIgnored(Source source) {
  source_ = source;
  state_ = State::kIgnoring;
}

std::optional<Message> EnvironmentBlock::Add(Source source, absl::Span<char> entry) {
  const absl::string_view text(entry.data(), entry.size());
  const auto* const equals_sign = static_cast<const char*>(memchr(text.data(), '=', text.size()));
  const size_t name_size =
      equals_sign != nullptr ? static_cast<size_t>(equals_sign - text.data()) : 0;

  // Whatever becomes of the line, the reader's buffer does not keep a password.
  std::optional<Secret> password;
  if (text.substr(0, name_size) == kPasswordName) {
    const absl::Span<char> value = entry.subspan(name_size + 1);
    password.emplace(absl::string_view(value.data(), value.size()));
    explicit_bzero(value.data(), value.size());
  }

  const bool is_end = text == kEnd;
  if (state_ != State::kCollecting || source != source_) return AddUnawaited(source, is_end);
  if (is_end) return Finish();
  if (name_size == 0) return Ignore("an entry is not name=value");
  if (entries_.size() >= kMaxEntries) return Ignore("too many environment entries");
  if (entries_.byte_size() + text.size() > kMaxBytes) return Ignore("the environment is too large");

  if (!password.has_value()) {
    entries_.AddEntry(text, name_size);
  } else if (!password_.has_value()) {
    password_ = std::move(password);
  }
  return std::nullopt;
}

// A line that no block collects.
std::optional<Message> EnvironmentBlock::AddUnawaited(Source source, bool is_end) {
  if (state_ == State::kClosed || source != source_) {
    const bool collecting = state_ == State::kCollecting;
    ProtocolError error = collecting ? MakeError("another block's environment came before its END")
                                     : ProtocolError{"environment without a notification", {}};
    Close();
    if (!is_end) OpenIgnored(source);
    return error;
  }
  if (is_end) Close();
  return std::nullopt;
}

std::optional<ProtocolError> EnvironmentBlock::BreakOff(absl::string_view cause) {
  std::optional<ProtocolError> error;
  if (state_ == State::kCollecting) error = MakeError(absl::StrCat("broken off by ", cause));
  Close();
  return error;
}

ProtocolError EnvironmentBlock::MakeError(absl::string_view what) const {
  ProtocolError error{absl::StrCat(Describe(event_), ": ", what), {}};
  if (const auto* connect = std::get_if<ClientConnect>(&event_)) {
    error.waiting_key = {connect->cid, connect->kid};
  }
  return error;
}

// Drops the block at a wrong line and the rest of it, up to END, without another error.
std::optional<Message> EnvironmentBlock::Ignore(absl::string_view what) {
  ProtocolError error = MakeError(what);
  const Source source = source_;
  Close();
  OpenIgnored(source);
  return error;
}

Message EnvironmentBlock::Finish() {
  Environment environment = entries_.Build();
  Message message = std::visit(Overloaded{
                                   [&](ClientConnect& e) -> Message {
                                     e.environment = std::move(environment);
                                     e.password = std::move(password_);
                                     return ClientEvent(std::move(e));
                                   },
                                   [&](UpDown& e) -> Message {
                                     e.environment = std::move(environment);
                                     return std::move(e);
                                   },
                                   [&](auto& e) -> Message {
                                     e.environment = std::move(environment);
                                     return ClientEvent(std::move(e));
                                   },
                               },
                               event_);
  Close();
  return message;
}

void EnvironmentBlock::Close() {
  state_ = State::kClosed;
  event_ = Event();
  entries_.Build();
  password_.reset();
}

}  // namespace ovpnbroker::ovpn
