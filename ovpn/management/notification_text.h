// Notifications of OpenVPN as the text that tools read, one text for whoever asked for its kind.
// Passwords and the answers to challenges are not in it. Pure; any thread.
#pragma once

#include <optional>
#include <string>

#include "ovpn/management/message.h"

namespace ovpnbroker::ovpn {

enum class NotificationKind {
  kState,
  kLog,
  kEcho,
  kByteCount,
  kClient,  // >CLIENT with its environment, and >NOTIFY
  kFatal,
};

// nullopt: tools are not shown it (>HOLD and >PASSWORD ask for what they may not give).
std::optional<NotificationKind> KindOf(const Message& message);

// `message` has a kind. Complete lines, as OpenVPN wrote them but for what is secret.
std::string NotificationText(const Message& message);

}  // namespace ovpnbroker::ovpn
