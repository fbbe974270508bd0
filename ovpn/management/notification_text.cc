#include "ovpn/management/notification_text.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "ovpn/base/overloaded.h"

namespace ovpnbroker::ovpn {
namespace {

std::string WithEnvironment(std::string header, const Environment& environment) {
  std::string text = std::move(header);
  absl::StrAppend(&text, "\r\n");
  for (const Environment::Entry& entry : environment) {
    absl::StrAppend(&text, ">CLIENT:ENV,", entry.name, "=", entry.value, "\r\n");
  }
  absl::StrAppend(&text, ">CLIENT:ENV,END\r\n");
  return text;
}

std::string ClientText(const ClientEvent& event) {
  return std::visit(
      Overloaded{
          [](const ClientConnect& e) {
            return WithEnvironment(absl::StrCat(">CLIENT:", e.reauth ? "REAUTH" : "CONNECT", ",",
                                                e.cid.value, ",", e.kid.value),
                                   e.environment);
          },
          [](const ClientChallengeResponse& e) {
            return WithEnvironment(
                absl::StrCat(">CLIENT:CR_RESPONSE,", e.cid.value, ",", e.kid.value, ","),
                e.environment);
          },
          [](const ClientEstablished& e) {
            return WithEnvironment(absl::StrCat(">CLIENT:ESTABLISHED,", e.cid.value),
                                   e.environment);
          },
          [](const ClientDisconnect& e) {
            return WithEnvironment(absl::StrCat(">CLIENT:DISCONNECT,", e.cid.value), e.environment);
          },
          [](const ClientAddress& e) {
            return absl::StrCat(">CLIENT:ADDRESS,", e.cid.value, ",", e.address, ",",
                                e.primary ? "1" : "0", "\r\n");
          },
      },
      event);
}

}  // namespace

std::optional<NotificationKind> KindOf(const Message& message) {
  if (std::holds_alternative<StateChange>(message)) return NotificationKind::kState;
  if (std::holds_alternative<LogLine>(message)) return NotificationKind::kLog;
  if (std::holds_alternative<Echo>(message)) return NotificationKind::kEcho;
  if (std::holds_alternative<ByteCount>(message)) return NotificationKind::kByteCount;
  if (std::holds_alternative<ClientEvent>(message)) return NotificationKind::kClient;
  if (std::holds_alternative<RemoteNotify>(message)) return NotificationKind::kClient;
  if (std::holds_alternative<Fatal>(message)) return NotificationKind::kFatal;
  return std::nullopt;
}

std::string NotificationText(const Message& message) {
  return std::visit(
      Overloaded{
          [](const StateChange& m) { return absl::StrCat(">STATE:", m.text, "\r\n"); },
          [](const LogLine& m) {
            return absl::StrCat(">LOG:", m.unix_time, ",", m.flags, ",", m.text, "\r\n");
          },
          [](const Echo& m) { return absl::StrCat(">ECHO:", m.unix_time, ",", m.text, "\r\n"); },
          [](const ByteCount& m) {
            return absl::StrCat(">BYTECOUNT_CLI:", m.cid.value, ",", m.received_bytes, ",",
                                m.sent_bytes, "\r\n");
          },
          [](const ClientEvent& m) { return ClientText(m); },
          [](const RemoteNotify& m) {
            return absl::StrCat(">NOTIFY:", m.severity, ",", m.type, ",", m.text, "\r\n");
          },
          [](const Fatal& m) { return absl::StrCat(">FATAL:", m.text, "\r\n"); },
          [](const auto&) { return std::string(); },
      },
      message);
}

}  // namespace ovpnbroker::ovpn
