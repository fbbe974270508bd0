#include "ovpn/management/tool_command.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "ovpn/base/openvpn_words.h"
#include "ovpn/management/tool_help.h"
#include "ovpn/management/tool_input.h"

namespace ovpnbroker::ovpn {
namespace {

using Words = absl::Span<const std::string>;

// OpenVPN's atoi: what is no number is 0.
int ToInt(const std::string& text) {
  const int64_t value = std::strtoll(text.c_str(), nullptr, 10);
  return static_cast<int>(
      std::clamp<int64_t>(value, std::numeric_limits<int>::min(), std::numeric_limits<int>::max()));
}

std::string ErrorText(absl::string_view text) { return absl::StrCat("ERROR: ", text, "\r\n"); }

ToolCommand Say(std::string text) {
  ToolCommand command;
  command.steps.emplace_back(TextStep{std::move(text)});
  return command;
}

ToolCommand Do(ToolStep step) {
  ToolCommand command;
  command.steps.push_back(std::move(step));
  return command;
}

ToolCommand Ask(Command question) { return Do(AskStep{std::move(question)}); }

std::string MissingText(absl::string_view name, bool at_least) {
  return ErrorText(absl::StrCat("the '", name, "' command requires ", at_least ? "at least " : "",
                                "1 parameter"));
}

ToolCommand Refuse(absl::string_view name, absl::string_view why) {
  ToolCommand command = Say(ErrorText(
      absl::StrCat("the '", name, "' command is refused on this pass-through socket: ", why)));
  command.refused = std::string(name);
  return command;
}

ToolStep HistoryStep(Topic topic, const std::string& word) {
  if (word == "on" || word == "off") return RealtimeStep{topic, word == "on"};
  if (word == "all") return AskStep{commands::History(topic, std::nullopt)};
  if (const int lines = ToInt(word); lines > 0) return AskStep{commands::History(topic, lines)};
  return TextStep{ErrorText(
      absl::StrCat(ToString(topic), " parameter must be 'on' or 'off' or some number n or 'all'"))};
}

ToolCommand ParseHistory(Topic topic, Words words) {
  if (words.size() == 1) {
    if (topic == Topic::kState) return Ask(commands::History(topic, 1));
    return Say(MissingText(words[0], true));
  }
  ToolCommand command;
  for (const std::string& word : words.subspan(1, 2)) {
    command.steps.push_back(HistoryStep(topic, word));
  }
  return command;
}

ToolCommand ParseStatus(Words words) {
  const int format = words.size() > 1 ? ToInt(words[1]) : 0;
  if (format < 0 || format > 3) return Say(ErrorText("bad status format version number"));
  return Do(StatusStep{format});
}

ToolCommand ParseByteCount(Words words) {
  if (words.size() == 1) return Say(MissingText(words[0], false));
  return Do(ByteCountStep{std::chrono::seconds(std::max(0, ToInt(words[1])))});
}

constexpr absl::string_view kWhySetting =
    "it would change OpenVPN for everybody; ovpn-brokerctl has what may be changed";

// With an argument these set something.
ToolCommand ParseValue(Words words, Command question, absl::string_view why) {
  return words.size() == 1 ? Ask(std::move(question)) : Refuse(words[0], why);
}

constexpr absl::string_view kWhyVerdict =
    "the policy decides about clients; see ovpn-brokerctl decisions";
constexpr absl::string_view kWhyKill = "sessions are ended with ovpn-brokerctl kill";
constexpr absl::string_view kWhyLifecycle =
    "the broker starts and stops OpenVPN; see ovpn-brokerctl instances";
constexpr absl::string_view kWhySecret =
    "OpenVPN's questions are answered by the broker; see ovpn-brokerctl instances";
constexpr absl::string_view kWhyUseless =
    "it is not for servers; see 'help' and ovpn-brokerctl --help";

struct RefusedCommand {
  absl::string_view name;
  absl::string_view why;
};

constexpr auto kRefused = std::to_array<RefusedCommand>({
    {"auth-retry", kWhySetting},
    {"certificate", kWhySecret},
    {"client-auth", kWhyVerdict},
    {"client-auth-nt", kWhyVerdict},
    {"client-deny", kWhyVerdict},
    {"client-kill", kWhyKill},
    {"client-pending-auth", kWhyVerdict},
    {"client-pf", kWhyVerdict},
    {"cr-response", kWhySecret},
    {"env-filter", kWhySetting},
    {"forget-passwords", kWhySecret},
    {"kill", kWhyKill},
    {"needok", kWhySecret},
    {"needstr", kWhySecret},
    {"net", kWhyUseless},
    {"password", kWhySecret},
    {"pk-sig", kWhySecret},
    {"pkcs11-id-count", kWhySecret},
    {"pkcs11-id-get", kWhySecret},
    {"proxy", kWhySecret},
    {"push-update-broad", kWhyVerdict},
    {"push-update-cid", kWhyVerdict},
    {"remote", kWhySecret},
    {"remote-entry-count", kWhyUseless},
    {"remote-entry-get", kWhyUseless},
    {"rsa-sig", kWhySecret},
    {"signal", kWhyLifecycle},
    {"test", kWhyUseless},
    {"username", kWhySecret},
});

bool StartsWithDigit(absl::string_view text) {
  return !text.empty() && absl::ascii_isdigit(static_cast<unsigned char>(text.front()));
}

// OpenVPN takes the lines that follow as the body of the block when it can read CID and KID.
bool OpensBody(Words words) {
  return words[0] == "client-auth" && words.size() > 2 && StartsWithDigit(words[1]) &&
         StartsWithDigit(words[2]);
}

ToolCommand ParseWords(Words words, absl::string_view title) {
  const std::string& name = words[0];
  if (name == "status") return ParseStatus(words);
  if (name == "state") return ParseHistory(Topic::kState, words);
  if (name == "log") return ParseHistory(Topic::kLog, words);
  if (name == "echo") return ParseHistory(Topic::kEcho, words);
  if (name == "bytecount") return ParseByteCount(words);
  if (name == "load-stats") return Ask(commands::LoadStats());
  if (name == "nclients") return Ask(commands::ClientCount());
  if (name == "pid") return Ask(commands::Pid());
  // With a number a tool tells its own version, which OpenVPN 2.6 takes without a reply.
  if (name == "version") return words.size() == 1 ? Ask(commands::Version()) : ToolCommand();
  if (name == "verb") return ParseValue(words, commands::Verbosity(), kWhySetting);
  if (name == "mute") return ParseValue(words, commands::MuteLevel(), kWhySetting);
  if (name == "hold") return ParseValue(words, commands::HoldFlag(), kWhyLifecycle);
  if (name == "help") return Say(ToolHelp(title));
  if (name == "quit" || name == "exit") {
    ToolCommand command;
    command.quit = true;
    return command;
  }
  const auto* const refused =
      std::find_if(kRefused.begin(), kRefused.end(),
                   [&name](const RefusedCommand& command) { return command.name == name; });
  if (refused == kRefused.end()) {
    return Say(ErrorText("unknown command, enter 'help' for more options"));
  }
  ToolCommand command = Refuse(name, refused->why);
  command.body_follows = OpensBody(words);
  return command;
}

}  // namespace

ToolCommand ParseToolCommand(absl::string_view line, absl::string_view title) {
  const absl::StatusOr<OpenvpnLine> split = SplitOpenvpnLine(line);
  if (!split.ok()) return Say(ErrorText(absl::StrCat("Options error: ", split.status().message())));
  if (split->words.empty()) return ToolCommand();
  return ParseWords(split->words, title);
}

std::string OverlongLineText() {
  return ErrorText(
      absl::StrCat("a line of more than ", ToolInput::kMaxLineBytes, " bytes was dropped"));
}

}  // namespace ovpnbroker::ovpn
