#include "tests/support/message_text.h"

#include <variant>

#include "absl/strings/str_cat.h"

namespace ovpnbroker::test {
namespace {

using namespace ::ovpnbroker::ovpn;  // NOLINT: the visitor names nearly every type of it

struct Printer {
  bool with_environment;

  std::string Env(const Environment& environment) const {
    std::string text = absl::StrCat(" env=", environment.size());
    if (!with_environment) return text;
    for (const Environment::Entry entry : environment) {
      absl::StrAppend(&text, " ", entry.name, "=[", entry.value, "]");
    }
    return text;
  }

  std::string operator()(const ClientEvent& event) const { return std::visit(*this, event); }
  std::string operator()(const ClientConnect& m) const {
    return absl::StrCat(
        m.reauth ? "REAUTH " : "CONNECT ", m.cid.value, ",", m.kid.value,
        m.password ? absl::StrCat(" password=[", m.password->Reveal(), "]") : " no-password",
        Env(m.environment));
  }
  std::string operator()(const ClientChallengeResponse& m) const {
    return absl::StrCat("CR_RESPONSE ", m.cid.value, ",", m.kid.value, " [", m.response.Reveal(),
                        "]", Env(m.environment));
  }
  std::string operator()(const ClientEstablished& m) const {
    return absl::StrCat("ESTABLISHED ", m.cid.value, Env(m.environment));
  }
  std::string operator()(const ClientDisconnect& m) const {
    return absl::StrCat("DISCONNECT ", m.cid.value, Env(m.environment));
  }
  std::string operator()(const ClientAddress& m) const {
    return absl::StrCat("ADDRESS ", m.cid.value, " ", m.address, m.primary ? " primary" : "");
  }
  std::string operator()(const ByteCount& m) const {
    return absl::StrCat("BYTECOUNT ", m.cid.value, " ", m.received_bytes, " ", m.sent_bytes);
  }
  std::string operator()(const StateChange& m) const {
    return absl::StrCat("STATE ", m.unix_time, " ", m.name, " [", m.detail, "] [", m.tunnel_ipv4,
                        "] [", m.remote_ip, "]:[", m.remote_port, "] [", m.local_ip, "]:[",
                        m.local_port, "] [", m.tunnel_ipv6, "]");
  }
  std::string operator()(const LogLine& m) const {
    return absl::StrCat("LOG ", m.unix_time, " [", m.flags, "] ", m.text);
  }
  std::string operator()(const Hold& m) const { return absl::StrCat("HOLD ", m.pause.count()); }
  std::string operator()(const Fatal& m) const { return absl::StrCat("FATAL ", m.text); }
  std::string operator()(const Info& m) const { return absl::StrCat("INFO ", m.text); }
  std::string operator()(const PasswordPrompt&) const { return "PROMPT"; }
  std::string operator()(const PasswordRequest& m) const {
    return absl::StrCat("PASSWORD ", m.text);
  }
  std::string operator()(const RemoteNotify& m) const {
    return absl::StrCat("NOTIFY ", m.severity, " ", m.type, " ", m.text);
  }
  std::string operator()(const UpDown& m) const {
    return absl::StrCat(m.up ? "UP" : "DOWN", Env(m.environment));
  }
  std::string operator()(const Echo& m) const {
    return absl::StrCat("ECHO ", m.unix_time, " ", m.text);
  }
  std::string operator()(const UnknownNotification& m) const {
    return absl::StrCat("UNKNOWN ", m.name, " [", m.sample, "]");
  }
  std::string operator()(const ReplyLine& m) const { return absl::StrCat("REPLY ", m.text); }
  std::string operator()(const ProtocolError& m) const {
    std::string text = absl::StrCat("PROTOCOL-ERROR ", m.what);
    if (m.waiting_key) {
      absl::StrAppend(&text, " (waits: ", m.waiting_key->cid.value, ",", m.waiting_key->kid.value,
                      ")");
    }
    return text;
  }
};

}  // namespace

std::string Brief(const ovpn::Message& message) { return std::visit(Printer{false}, message); }
std::string Full(const ovpn::Message& message) { return std::visit(Printer{true}, message); }

}  // namespace ovpnbroker::test
