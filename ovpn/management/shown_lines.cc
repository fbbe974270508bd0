#include "ovpn/management/shown_lines.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr absl::string_view kHidden = "[hidden]";
// An address, two or three pushes, and the lines around them.
constexpr size_t kUsualLines = 8;
// Options whose arguments are addresses, numbers and fixed words; those of most blocks first, since
// they are searched in this order.
constexpr absl::string_view kOpenOptions[] = {"END",
                                              "route",
                                              "ifconfig-push",
                                              "ifconfig-ipv6-push",
                                              "block-outside-dns",
                                              "explicit-exit-notify",
                                              "ifconfig",
                                              "ifconfig-ipv6",
                                              "inactive",
                                              "iroute",
                                              "iroute-ipv6",
                                              "mssfix",
                                              "ping",
                                              "ping-exit",
                                              "ping-restart",
                                              "push-remove",
                                              "push-reset",
                                              "rcvbuf",
                                              "redirect-gateway",
                                              "register-dns",
                                              "reneg-sec",
                                              "route-gateway",
                                              "route-ipv6",
                                              "route-metric",
                                              "sndbuf",
                                              "topology",
                                              "tun-ipv6",
                                              "tun-mtu"};
// Of dhcp-option; a proxy's address, for one, may carry a password.
constexpr absl::string_view kOpenDhcpOptions[] = {"DNS", "DNS6", "DOMAIN", "DOMAIN-SEARCH"};

bool IsOneOf(absl::string_view word, absl::Span<const absl::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// The text up to the next LF, which is taken off with it.
absl::string_view TakeLine(absl::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  const absl::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

absl::string_view WordOf(absl::string_view text) {
  const auto end =
      std::find_if(text.begin(), text.end(), [](char c) { return c == ' ' || c == '"'; });
  return text.substr(0, static_cast<size_t>(end - text.begin()));
}

bool IsOpen(absl::string_view option) {
  const absl::string_view word = WordOf(option);
  if (word == "dhcp-option") {
    absl::ConsumePrefix(&option, "dhcp-option ");
    return IsOneOf(WordOf(option), kOpenDhcpOptions);
  }
  return IsOneOf(word, kOpenOptions);
}

// How the client is asked and for how long. What wakes a client has no text, a web address may hold
// a one-time token, and a question is for the client only.
std::string ShowStep(absl::string_view line) {
  const size_t open = line.find('"');
  const size_t close = line.rfind('"');
  const auto all_hidden = [line] { return absl::StrCat(WordOf(line), " ", kHidden); };
  if (open == absl::string_view::npos || close == open) return all_hidden();
  const absl::string_view text = line.substr(open + 1, close - open - 1);
  if (text.empty()) return std::string(line);
  for (const absl::string_view way : {"CR_TEXT:", "WEB_AUTH:", "OPEN_URL:"}) {
    if (!absl::StartsWith(text, way)) continue;
    // Flags come between the way and the text, if it has any.
    const size_t shown = way == "OPEN_URL:" ? way.size() : text.find(':', way.size()) + 1;
    if (shown == 0) return all_hidden();
    return absl::StrCat(line.substr(0, open + 1), text.substr(0, shown), kHidden,
                        line.substr(close));
  }
  return all_hidden();
}

std::string ShowHeader(const Command& command, absl::string_view line) {
  if (command.name == "client-auth" || command.name == "client-auth-nt") return std::string(line);
  if (command.name == "client-deny") {
    // The state of a dialogue opens it again; the question is for the client only.
    const size_t challenge = line.find("\"CRV1:");
    if (challenge == absl::string_view::npos) return std::string(line);
    return absl::StrCat(line.substr(0, challenge), "\"CRV1:", kHidden, "\"");
  }
  if (command.name == "client-pending-auth") return ShowStep(line);
  return absl::StrCat(command.name, " ", kHidden);
}

}  // namespace

std::string ShownOption(absl::string_view line) {
  absl::string_view option = line;
  const bool pushed = absl::ConsumePrefix(&option, "push ");
  const bool quoted = pushed && absl::ConsumePrefix(&option, "\"");
  if (IsOpen(option)) return std::string(line);
  return absl::StrCat(pushed ? "push " : "", quoted ? "\"" : "", WordOf(option), " ", kHidden,
                      quoted ? "\"" : "");
}

std::vector<std::string> ShownLines(const std::vector<Command>& commands) {
  std::vector<std::string> shown;
  shown.reserve(kUsualLines);
  size_t omitted = 0;
  for (const Command& command : commands) {
    absl::string_view rest = command.bytes;
    // The first line of each command is always shown: it says what happened.
    shown.push_back(ShowHeader(command, TakeLine(rest)));
    while (!rest.empty()) {
      const absl::string_view line = TakeLine(rest);
      if (shown.size() < kMaxShownLines) {
        shown.push_back(ShownOption(line));
      } else {
        ++omitted;
      }
    }
  }
  if (omitted > 0) shown.push_back(absl::StrCat("[", omitted, " more lines]"));
  return shown;
}

}  // namespace ovpnbroker::ovpn
