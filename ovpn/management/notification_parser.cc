#include "ovpn/management/notification_parser.h"

#include <string.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ovpn/management/decimal.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr size_t kMaxNameBytes = 32;
constexpr size_t kMaxSampleBytes = 64;

using Event = EnvironmentBlock::Event;
using Header = std::variant<Event, Message>;

// The text up to the next comma, which is taken off; all of it when there is none.
absl::string_view TakeField(absl::string_view& text) {
  const size_t comma = text.find(',');
  const absl::string_view field = text.substr(0, comma);
  text.remove_prefix(comma == absl::string_view::npos ? text.size() : comma + 1);
  return field;
}

ProtocolError Malformed(absl::string_view notification) {
  return {absl::StrCat("malformed >", notification), {}};
}

Message ParseByteCount(absl::string_view text) {
  const auto cid = ParseDecimal<uint64_t>(TakeField(text));
  const auto received = ParseDecimal<uint64_t>(TakeField(text));
  const auto sent = ParseDecimal<uint64_t>(text);
  if (!cid || !received || !sent) return Malformed("BYTECOUNT_CLI");
  return ByteCount{Cid{*cid}, *received, *sent};
}

Message ParseState(absl::string_view text) {
  const std::string whole(text);
  const auto time = ParseDecimal<int64_t>(TakeField(text));
  if (!time || text.empty()) return Malformed("STATE");
  StateChange state;
  state.unix_time = *time;
  state.text = whole;
  for (std::string* field :
       {&state.name, &state.detail, &state.tunnel_ipv4, &state.remote_ip, &state.remote_port,
        &state.local_ip, &state.local_port, &state.tunnel_ipv6}) {
    *field = std::string(TakeField(text));
  }
  return state;
}

Message ParseLog(absl::string_view text) {
  const auto time = ParseDecimal<int64_t>(TakeField(text));
  if (!time) return Malformed("LOG");
  const absl::string_view flags = TakeField(text);
  return LogLine{*time, std::string(flags), std::string(text)};
}

Message ParseEcho(absl::string_view text) {
  const auto time = ParseDecimal<int64_t>(TakeField(text));
  if (!time) return Malformed("ECHO");
  return Echo{*time, std::string(text)};
}

Message ParseHold(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return Hold{};
  const auto seconds = ParseDecimal<int32_t>(text.substr(colon + 1));
  if (!seconds) return Malformed("HOLD");
  return Hold{std::chrono::seconds(*seconds)};
}

// Other forms carry tokens and belong to clients.
Message ParsePassword(absl::string_view text) {
  if (absl::StartsWith(text, "Need '") || absl::StartsWith(text, "Verification Failed: '")) {
    return PasswordRequest{std::string(text)};
  }
  return MakeUnknown("PASSWORD", text);
}

Message ParseNotify(absl::string_view text) {
  const absl::string_view severity = TakeField(text);
  const absl::string_view type = TakeField(text);
  return RemoteNotify{std::string(severity), std::string(type), std::string(text)};
}

Header ParseConnect(bool reauth, absl::string_view text) {
  const auto cid = ParseDecimal<uint64_t>(TakeField(text));
  const auto kid = ParseDecimal<uint32_t>(text);
  if (!cid || !kid) return Message(Malformed(reauth ? "CLIENT:REAUTH" : "CLIENT:CONNECT"));
  return Header(
      std::in_place_type<Event>,
      ClientConnect{
          .reauth = reauth, .cid = {*cid}, .kid = {*kid}, .environment = {}, .password = {}});
}

// The response is the rest of the line, commas included.
Header ParseChallengeResponse(absl::Span<char> header, absl::string_view text) {
  const auto cid = ParseDecimal<uint64_t>(TakeField(text));
  const auto kid = ParseDecimal<uint32_t>(TakeField(text));
  Secret response(text);
  explicit_bzero(header.data() + (header.size() - text.size()), text.size());
  if (!cid || !kid) return Message(Malformed("CLIENT:CR_RESPONSE"));
  return Event(ClientChallengeResponse{{*cid}, {*kid}, std::move(response), {}});
}

template <typename CidEvent>
Header ParseCidOnly(absl::string_view name, absl::string_view text) {
  const auto cid = ParseDecimal<uint64_t>(text);
  if (!cid) return Message(Malformed(name));
  return Event(CidEvent{{*cid}, {}});
}

Message ParseAddress(absl::string_view text) {
  const auto cid = ParseDecimal<uint64_t>(TakeField(text));
  const absl::string_view address = TakeField(text);
  if (!cid || address.empty() || (text != "0" && text != "1")) return Malformed("CLIENT:ADDRESS");
  return ClientEvent(ClientAddress{{*cid}, std::string(address), text == "1"});
}

// The form of a text without its values: each run of letters and digits becomes one 'x'.
std::string HideValues(absl::string_view text) {
  std::string form;
  for (const char c : text) {
    if (form.size() == kMaxSampleBytes) break;
    if (!absl::ascii_ispunct(static_cast<unsigned char>(c)) && c != ' ') {
      if (form.empty() || form.back() != 'x') form.push_back('x');
    } else {
      form.push_back(c);
    }
  }
  return form;
}

bool IsName(absl::string_view text) {
  if (text.empty() || text.size() > kMaxNameBytes) return false;
  for (const char c : text) {
    if (!absl::ascii_isupper(static_cast<unsigned char>(c)) &&
        !absl::ascii_isdigit(static_cast<unsigned char>(c)) && c != '_' && c != '-' && c != ':') {
      return false;
    }
  }
  return true;
}

}  // namespace

Message ParseNotification(absl::string_view line) {
  const size_t colon = line.find(':');
  const absl::string_view name = line.substr(0, colon);
  if (colon == absl::string_view::npos) return MakeUnknown(name, "");
  const absl::string_view text = line.substr(colon + 1);
  if (name == "LOG") return ParseLog(text);
  if (name == "BYTECOUNT_CLI") return ParseByteCount(text);
  if (name == "STATE") return ParseState(text);
  if (name == "HOLD") return ParseHold(text);
  if (name == "NOTIFY") return ParseNotify(text);
  if (name == "INFO") return Info{std::string(text)};
  if (name == "FATAL") return Fatal{std::string(text)};
  if (name == "PASSWORD") return ParsePassword(text);
  if (name == "ECHO") return ParseEcho(text);
  return MakeUnknown(name, text);
}

Header ParseClientHeader(absl::Span<char> header) {
  absl::string_view text(header.data(), header.size());
  const absl::string_view kind = TakeField(text);
  if (kind == "CONNECT") return ParseConnect(false, text);
  if (kind == "REAUTH") return ParseConnect(true, text);
  if (kind == "CR_RESPONSE") return ParseChallengeResponse(header, text);
  if (kind == "ESTABLISHED") return ParseCidOnly<ClientEstablished>("CLIENT:ESTABLISHED", text);
  if (kind == "DISCONNECT") return ParseCidOnly<ClientDisconnect>("CLIENT:DISCONNECT", text);
  if (kind == "ADDRESS") return ParseAddress(text);
  return Message(MakeUnknown(absl::StrCat("CLIENT:", kind), text));
}

UnknownNotification MakeUnknown(absl::string_view name, absl::string_view text) {
  return {IsName(name) ? std::string(name) : "(malformed)", HideValues(text)};
}

}  // namespace ovpnbroker::ovpn
