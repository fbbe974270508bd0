#include "ovpn/management/environment_block.h"

#include <string.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/overloaded.h"
#include "ovpn/management/line_reader.h"

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

void EnvironmentBlock::Open(Event&& event) {
  source_ = SourceOf(event);
  event_ = std::move(event);
  state_ = State::kCollecting;
}

void EnvironmentBlock::OpenIgnored(Source source) {
  source_ = source;
  state_ = State::kIgnoring;
}

void EnvironmentBlock::Add(Source source, absl::Span<char> entry, std::optional<Message>& message) {
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
  if (!Awaits(source)) {
    AddUnawaited(source, is_end, message);
  } else if (is_end) {
    Finish(message);
  } else if (name_size == 0) {
    message = Ignore("an entry is not name=value");
  } else if (entries_.size() >= kMaxEntries) {
    message = Ignore("too many environment entries");
  } else if (entries_.byte_size() + text.size() > kMaxBytes) {
    message = Ignore("the environment is too large");
  } else if (!password.has_value()) {
    entries_.AddEntry(text, name_size);
  } else if (!password_.has_value()) {
    password_ = std::move(password);
  }
}

size_t EnvironmentBlock::AddPlainLines(absl::string_view text) {
  if (!Awaits(Source::kClient)) return 0;
  // A line has more bytes than its entry, so what lies within fits; Add judges the rest exactly.
  text = text.substr(0, kMaxBytes - entries_.byte_size());
  const char* line = text.data();
  const char* const end = line + text.size();
  for (size_t room = kMaxEntries - entries_.size(); room > 0; --room) {
    if (!absl::StartsWith({line, static_cast<size_t>(end - line)}, kClientPrefix)) break;
    const char* const entry = line + kClientPrefix.size();
    const auto* const line_feed =
        static_cast<const char*>(memchr(entry, '\n', static_cast<size_t>(end - entry)));
    if (line_feed == nullptr) break;
    if (static_cast<size_t>(line_feed - line) > LineReader::kMaxLineBytes) break;
    const char* const entry_end = line_feed - (line_feed[-1] == '\r' ? 1 : 0);
    const auto entry_size = static_cast<size_t>(entry_end - entry);
    const auto* const equals_sign = static_cast<const char*>(memchr(entry, '=', entry_size));
    if (equals_sign == nullptr || equals_sign == entry) break;
    const auto name_size = static_cast<size_t>(equals_sign - entry);
    if (absl::string_view(entry, name_size) == kPasswordName) break;
    entries_.Mark(static_cast<size_t>(entry - text.data()), entry_size, name_size);
    line = line_feed + 1;
  }
  const auto taken = static_cast<size_t>(line - text.data());
  entries_.AddText(text.substr(0, taken));
  return taken;
}

// A line that no block collects.
void EnvironmentBlock::AddUnawaited(Source source, bool is_end, std::optional<Message>& message) {
  if (state_ == State::kClosed || source != source_) {
    const bool collecting = state_ == State::kCollecting;
    message = collecting ? MakeError("another block's environment came before its END")
                         : ProtocolError{"environment without a notification", {}};
    Close();
    if (!is_end) OpenIgnored(source);
  } else if (is_end) {
    Close();
  }
}

std::optional<ProtocolError> EnvironmentBlock::BreakOff(absl::string_view cause) {
  if (state_ == State::kClosed) return std::nullopt;
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
ProtocolError EnvironmentBlock::Ignore(absl::string_view what) {
  ProtocolError error = MakeError(what);
  const Source source = source_;
  Close();
  OpenIgnored(source);
  return error;
}

void EnvironmentBlock::Finish(std::optional<Message>& message) {
  std::visit(Overloaded{
                 [&](ClientConnect& e) {
                   e.environment = entries_.Build();
                   e.password = std::move(password_);
                   message.emplace(std::in_place_type<ClientEvent>, std::move(e));
                 },
                 [&](UpDown& e) {
                   e.environment = entries_.Build();
                   message.emplace(std::move(e));
                 },
                 [&](auto& e) {
                   e.environment = entries_.Build();
                   message.emplace(std::in_place_type<ClientEvent>, std::move(e));
                 },
             },
             event_);
  Close();
}

void EnvironmentBlock::Close() {
  state_ = State::kClosed;
  event_.emplace<ClientConnect>();
  entries_.Clear();
  password_.reset();
}

}  // namespace ovpnbroker::ovpn
