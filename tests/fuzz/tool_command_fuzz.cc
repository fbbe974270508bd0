// Any bytes from a tool: their chunking changes nothing, every reply line is whole, and what would
// be asked of OpenVPN on its behalf is one of a few fixed forms whatever was written. The first
// byte of an input chooses the chunking of the rest.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "ovpn/management/tool_command.h"
#include "ovpn/management/tool_input.h"

namespace {

using ovpnbroker::ovpn::AskStep;
using ovpnbroker::ovpn::ParseToolCommand;
using ovpnbroker::ovpn::TextStep;
using ovpnbroker::ovpn::ToolInput;
using ovpnbroker::ovpn::ToolStep;

constexpr size_t kMaxChunk = 64;

std::vector<std::string> Lines(absl::string_view bytes, std::minstd_rand* random) {
  ToolInput input;
  while (!bytes.empty()) {
    const size_t size = random == nullptr ? bytes.size() : 1 + (*random)() % kMaxChunk;
    input.Append(bytes.substr(0, size));
    bytes.remove_prefix(std::min(size, bytes.size()));
  }
  std::vector<std::string> lines;
  while (input.has_line()) {
    const ToolInput::Line line = input.Take();
    if (line.text.size() > ToolInput::kMaxLineBytes) std::abort();
    lines.push_back(line.overlong ? "(overlong)" : line.text);
  }
  return lines;
}

// One line of a name that shows something, and perhaps a number or `all`.
bool IsHarmless(absl::string_view bytes) {
  if (bytes.empty() || bytes.back() != '\n') return false;
  bytes.remove_suffix(1);
  const size_t blank = bytes.find(' ');
  const absl::string_view name = bytes.substr(0, blank);
  for (const absl::string_view plain :
       {"pid", "version", "load-stats", "nclients", "hold", "verb", "mute"}) {
    if (bytes == plain) return true;
  }
  if (name != "log" && name != "echo" && name != "state") return false;
  if (blank == absl::string_view::npos) return false;
  const absl::string_view argument = bytes.substr(blank + 1);
  if (argument == "all") return true;
  for (const char c : argument) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return false;
  }
  return !argument.empty() && argument.size() <= 6;
}

// Complete lines, none of which a tool could take for a notification.
bool IsWhole(absl::string_view text) {
  return absl::EndsWith(text, "\r\n") && !absl::StartsWith(text, ">") &&
         !absl::StrContains(text, "\n>");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::minstd_rand random(data[0]);
  const std::vector<std::string> lines = Lines(bytes, &random);
  if (lines != Lines(bytes, nullptr)) std::abort();
  for (const std::string& line : lines) {
    const auto command = ParseToolCommand(line, "OpenVPN 2.6.14");
    if (command.quit && !command.steps.empty()) std::abort();
    if (command.body_follows && command.refused.empty()) std::abort();
    for (const ToolStep& step : command.steps) {
      const auto* text = std::get_if<TextStep>(&step);
      if (text != nullptr && !IsWhole(text->text)) std::abort();
      const auto* ask = std::get_if<AskStep>(&step);
      if (ask != nullptr && !IsHarmless(ask->command.bytes)) std::abort();
    }
  }
  return 0;
}
