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
  if (deferred_.has_value()) {
    std::optional<Message> message = std::move(deferred_);
    deferred_.reset();
    return message;
  }
  while (true) {
    reader_.Skip(block_.AddPlainLines(reader_.Unread()));
    const std::optional<LineReader::Line> line = reader_.Next();
    if (!line.has_value()) return std::nullopt;
    switch (line->kind) {
      case LineReader::Kind::kPasswordPrompt:
        return BreakingOff("a password prompt", PasswordPrompt{});
      case LineReader::Kind::kOverlong:
        return BreakingOff("an overlong line", ProtocolError{"a line is too long", {}});
      case LineReader::Kind::kLine:
        if (std::optional<Message> message = ParseLine(line->text)) return message;
        break;
    }
  }
}

std::optional<Message> MessageParser::ParseLine(absl::Span<char> line) {
  const absl::string_view text = AsText(line);
  // Those that AddPlainLines has left.
  if (absl::StartsWith(text, EnvironmentBlock::kClientPrefix)) {
    return block_.Add(EnvironmentBlock::Source::kClient,
                      line.subspan(EnvironmentBlock::kClientPrefix.size()));
  }
  if (absl::StartsWith(text, kClient)) return ParseClientLine(line.subspan(kClient.size()));
  if (absl::StartsWith(text, kUpDown)) return ParseUpDownLine(line.subspan(kUpDown.size()));
  if (!absl::StartsWith(text, ">")) {
    return BreakingOff("a reply line", ReplyLine{std::string(text)});
  }
  Message message = ParseNotification(text.substr(1));
  // With `log on`, OpenVPN logs while it prints an environment.
  if (absl::StartsWith(text, kLog)) return message;
  if (std::holds_alternative<Info>(message)) reader_.EndLogin();
  return BreakingOff("another notification", std::move(message));
}

std::optional<Message> MessageParser::ParseClientLine(absl::Span<char> text) {
  std::optional<Message> broken = block_.BreakOff("another notification");
  std::variant<EnvironmentBlock::Event, Message> header = ParseClientHeader(text);
  if (auto* event = std::get_if<EnvironmentBlock::Event>(&header)) {
    block_.Open(std::move(*event));
    return broken;
  }
  auto& message = std::get<Message>(header);
  // An unknown or wrong header may still be followed by an environment.
  if (!std::holds_alternative<ClientEvent>(message))
    block_.OpenIgnored(EnvironmentBlock::Source::kClient);
  if (!broken.has_value()) return std::move(message);
  deferred_ = std::move(message);
  return broken;
}

std::optional<Message> MessageParser::ParseUpDownLine(absl::Span<char> text) {
  constexpr auto kSource = EnvironmentBlock::Source::kUpDown;
  const absl::string_view kind = AsText(text);
  if (absl::StartsWith(kind, kEnvironment)) {
    return block_.Add(kSource, text.subspan(kEnvironment.size()));
  }
  std::optional<Message> broken = block_.BreakOff("another notification");
  if (kind == "UP" || kind == "DOWN") {
    block_.Open(UpDown{.up = kind == "UP", .environment = {}});
    return broken;
  }
  block_.OpenIgnored(kSource);
  Message unknown = MakeUnknown("UPDOWN", kind);
  if (!broken.has_value()) return unknown;
  deferred_ = std::move(unknown);
  return broken;
}

Message MessageParser::BreakingOff(absl::string_view cause, Message message) {
  std::optional<ProtocolError> broken = block_.BreakOff(cause);
  if (!broken.has_value()) return message;
  deferred_ = std::move(message);
  return *std::move(broken);
}

}  // namespace ovpnbroker::ovpn
