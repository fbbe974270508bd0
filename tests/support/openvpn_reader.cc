#include "tests/support/openvpn_reader.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace ovpnbroker::test {
namespace {

constexpr size_t kMaxParms = 16;          // MAX_PARMS
constexpr size_t kParmSize = 256;         // OPTION_PARM_SIZE
constexpr size_t kKeptOfBodyLine = 255;   // buf_parse with OPTION_LINE_SIZE keeps these
constexpr size_t kEatenOfBodyLine = 257;  // and takes these out of the input

// command_line_add: only printable bytes and LF get in.
std::string Filtered(absl::string_view bytes) {
  std::string kept;
  for (const char byte : bytes) {
    const int value = static_cast<unsigned char>(byte);
    if (byte == '\n' || (value >= 32 && value != 127)) kept.push_back(byte);
  }
  return kept;
}

// bypass_doubledash
std::string WithoutDashes(const std::string& word) {
  return word.size() >= 3 && absl::StartsWith(word, "--") ? word.substr(2) : word;
}

// check_inline_file
bool AsksForInlineFile(const std::vector<std::string>& words) {
  const std::string name = WithoutDashes(words[0]);
  return words.size() == 1 && !name.empty() && name.front() == '<' && name.back() == '>';
}

// read_config_string on one line of a body.
void RunBodyLine(std::string line, ExecutedCommand& command) {
  while (!line.empty()) {
    auto words = OpenvpnWords(absl::string_view(line).substr(0, kKeptOfBodyLine));
    line.erase(0, line.size() > kKeptOfBodyLine ? kEatenOfBodyLine : line.size());
    if (!words.has_value()) {
      command.body.emplace_back();
    } else if (!words->empty()) {
      if (AsksForInlineFile(*words)) command.fatal = true;
      words->front() = WithoutDashes(words->front());
      command.body.push_back(*std::move(words));
    }
  }
}

bool IsNumber(const std::string& word) {
  return !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

std::optional<std::vector<std::string>> OpenvpnWords(absl::string_view line) {
  std::vector<std::string> words;
  std::string word;
  char quote = 0;        // the quote that the current word is in
  bool in_word = false;  // reading a word without quotes
  bool backslash = false;
  const std::string terminated = std::string(line) + '\0';
  for (const char byte : terminated) {
    const bool blank = byte == '\0' || absl::StrContains(" \t\n\v\f\r", std::string(1, byte));
    if (!backslash && byte == '\\' && quote != '\'') {
      backslash = true;
      continue;
    }
    std::optional<char> out;
    bool done = false;
    if (quote == 0 && !in_word) {
      if (!blank) {
        if (byte == ';' || byte == '#') break;
        if (!backslash && (byte == '"' || byte == '\'')) {
          quote = byte;
        } else {
          in_word = true;
          out = byte;
        }
      }
    } else if (in_word) {
      done = !backslash && blank;
      if (!done && byte != '\0') out = byte;
    } else {
      done = byte == quote && !(backslash && quote == '"');
      if (!done && byte != '\0') out = byte;
    }
    if (done) {
      words.push_back(std::exchange(word, ""));
      quote = 0;
      in_word = false;
    }
    if (backslash && out.has_value() && *out != '\\' && *out != '"' && !blank) return std::nullopt;
    backslash = false;
    if (out.has_value()) {
      if (word.size() >= kParmSize) return std::nullopt;
      word.push_back(*out);
    }
    if (words.size() >= kMaxParms) break;
  }
  if (quote != 0 || in_word) return std::nullopt;
  return words;
}

std::vector<ExecutedCommand> RunAsOpenvpn(absl::string_view bytes) {
  std::vector<ExecutedCommand> executed;
  std::optional<ExecutedCommand> open;  // a client-auth before its END
  std::vector<std::string> lines = absl::StrSplit(Filtered(bytes), '\n');
  lines.pop_back();  // what follows the last LF is not a line yet
  for (const std::string& line : lines) {
    if (open.has_value()) {
      if (line == "END") {
        executed.push_back(*std::exchange(open, std::nullopt));
      } else {
        RunBodyLine(line, *open);
      }
      continue;
    }
    const auto words = OpenvpnWords(line);
    if (words.has_value() && words->empty()) continue;
    ExecutedCommand command;
    command.words = words.value_or(std::vector<std::string>());
    const bool has_body = command.words.size() >= 3 && command.words[0] == "client-auth" &&
                          IsNumber(command.words[1]) && IsNumber(command.words[2]);
    if (has_body) {
      open = std::move(command);
    } else {
      executed.push_back(std::move(command));
    }
  }
  return executed;
}

}  // namespace ovpnbroker::test
