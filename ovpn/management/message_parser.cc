#include "ovpn/management/message_parser.h"

#include <string>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "ovpn/management/notification_parser.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr absl::string_view kClient = ">CLIENT:";
constexpr absl::string_view kUpDown = ">UPDOWN:";
constexpr absl::string_view kLog = ">LOG:";
constexpr absl::string_view kEnvironment = "ENV,";

absl::string_view AsText(absl::Span<char> bytes) { return {bytes.data(), bytes.size()}; }

}  // namespace

std::optional<Message> MessageParser::Next() {
  std::optional<Message> message = std::move(deferred_);
  deferred_.reset();
  while (!message.has_value()) {
    if (block_.is_open()) reader_.Skip(block_.AddPlainLines(reader_.Unread()));
    const std::optional<LineReader::Line> line = reader_.Next();
    if (!line.has_value()) break;
    switch (line->kind) {
      case LineReader::Kind::kPasswordPrompt:
        message = PasswordPrompt{};
        BreakOff("a password prompt", message);
        break;
      case LineReader::Kind::kOverlong:
        message = ProtocolError{"a line is too long", {}};
        BreakOff("an overlong line", message);
        break;
      case LineReader::Kind::kLine:
        ParseLine(line->text, message);
        break;
    }
  }
  return message;
}

void MessageParser::ParseLine(absl::Span<char> line, std::optional<Message>& message) {
  const absl::string_view text = AsText(line);
  // Those that AddPlainLines has left.
  if (absl::StartsWith(text, EnvironmentBlock::kClientPrefix)) {
    block_.Add(EnvironmentBlock::Source::kClient,
               line.subspan(EnvironmentBlock::kClientPrefix.size()), message);
  } else if (absl::StartsWith(text, kClient)) {
    ParseClientLine(line.subspan(kClient.size()), message);
  } else if (absl::StartsWith(text, kUpDown)) {
    ParseUpDownLine(line.subspan(kUpDown.size()), message);
  } else if (!absl::StartsWith(text, ">")) {
    message.emplace(std::in_place_type<ReplyLine>, std::string(text));
    BreakOff("a reply line", message);
  } else {
    message = ParseNotification(text.substr(1));
    // With `log on`, OpenVPN logs while it prints an environment.
    if (absl::StartsWith(text, kLog)) return;
    if (std::holds_alternative<Info>(*message)) reader_.EndLogin();
    BreakOff("another notification", message);
  }
}

void MessageParser::ParseClientLine(absl::Span<char> text, std::optional<Message>& message) {
  std::variant<EnvironmentBlock::Event, Message> header = ParseClientHeader(text);
  if (auto* event = std::get_if<EnvironmentBlock::Event>(&header)) {
    BreakOff("another notification", message);
    block_.Open(std::move(*event));
    return;
  }
  message = std::get<Message>(std::move(header));
  const bool complete = std::holds_alternative<ClientEvent>(*message);
  BreakOff("another notification", message);
  // An unknown or wrong header may still be followed by an environment.
  if (!complete) block_.OpenIgnored(EnvironmentBlock::Source::kClient);
}

void MessageParser::ParseUpDownLine(absl::Span<char> text, std::optional<Message>& message) {
  constexpr auto kSource = EnvironmentBlock::Source::kUpDown;
  const absl::string_view kind = AsText(text);
  if (absl::StartsWith(kind, kEnvironment)) {
    block_.Add(kSource, text.subspan(kEnvironment.size()), message);
  } else if (kind == "UP" || kind == "DOWN") {
    BreakOff("another notification", message);
    block_.Open(UpDown{.up = kind == "UP", .environment = {}});
  } else {
    message = MakeUnknown("UPDOWN", kind);
    BreakOff("another notification", message);
    block_.OpenIgnored(kSource);
  }
}

void MessageParser::BreakOff(absl::string_view cause, std::optional<Message>& message) {
  std::optional<ProtocolError> broken = block_.BreakOff(cause);
  if (!broken.has_value()) return;
  deferred_ = std::move(message);
  message = *std::move(broken);
}

}  // namespace ovpnbroker::ovpn
