#include "ovpn/process/config_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "ovpn/base/openvpn_words.h"
#include "ovpn/base/unique_fd.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";

absl::StatusOr<std::string> ReadConfigFile(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info;
  if (!fd.valid() || fstat(fd.get(), &info) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
  }
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is not a regular file"));
  }
  std::string content;
  std::array<char, 16384> buffer;
  while (true) {
    const ssize_t size = read(fd.get(), buffer.data(), buffer.size());
    if (size < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
    if (size == 0) return content;
    content.append(buffer.data(), static_cast<size_t>(size));
    if (content.size() > kMaxConfigFileBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, " has more than ", kMaxConfigFileBytes, " bytes"));
    }
  }
}

// One file, taken line by line.
class LineSource {
 public:
  explicit LineSource(absl::string_view content) : rest_(content) {}

  // The next line with its newline; false at the end.
  bool Next(absl::string_view& line) {
    if (rest_.empty()) return false;
    const size_t newline = rest_.find('\n');
    line = rest_.substr(0, newline == absl::string_view::npos ? newline : newline + 1);
    rest_.remove_prefix(line.size());
    ++number_;
    return true;
  }
  int number() const { return number_; }

 private:
  absl::string_view rest_;
  int number_ = 0;
};

// "<ca>" as the only word of a line begins a block; its name is the directive.
bool IsBlockTag(const std::vector<std::string>& words) {
  return words.size() == 1 && words[0].size() > 2 && words[0].front() == '<' &&
         words[0].back() == '>';
}

// Reads on to the end of the block; false if the file ends first.
bool SkipBlock(LineSource& source, absl::string_view name) {
  const std::string end_tag = absl::StrCat("</", name, ">");
  absl::string_view line;
  while (source.Next(line)) {
    if (absl::StartsWith(absl::StripLeadingAsciiWhitespace(line), end_tag)) return true;
  }
  return false;
}

class Reader {
 public:
  explicit Reader(std::string directory) : directory_(std::move(directory)) {}

  // `named_in` and `named_at`: where to say that the file cannot be read.
  void ReadFile(const std::string& file, int depth, const std::string& named_in, int named_at) {
    const absl::StatusOr<std::string> content = ReadConfigFile(Resolve(file));
    if (!content.ok()) {
      AddProblem(named_in, named_at, content.status().message());
      return;
    }
    files_.push_back(Resolve(file));
    LineSource source(*content);
    absl::string_view line;
    while (lines_.size() < kMaxConfigDirectives && source.Next(line)) {
      if (source.number() == 1) absl::ConsumePrefix(&line, kByteOrderMark);
      ReadLine(file, line, source, depth);
    }
  }

  std::vector<ConfigLine> Take() {
    if (lines_.size() >= kMaxConfigDirectives) {
      const std::string file = lines_.back().file;
      AddProblem(file, 0, absl::StrCat("more than ", kMaxConfigDirectives, " directives"));
    }
    return std::move(lines_);
  }
  std::vector<std::string> TakeFiles() { return std::move(files_); }

 private:
  void ReadLine(const std::string& file, absl::string_view line, LineSource& source, int depth) {
    const int number = source.number();
    // OpenVPN reads no further than a NUL.
    line = line.substr(0, line.find('\0'));
    if (line.size() > kMaxConfigLineBytes) {
      AddProblem(file, number,
                 absl::StrCat("the line has more than ", kMaxConfigLineBytes, " bytes"));
      return;
    }
    absl::StatusOr<OpenvpnLine> split = SplitOpenvpnLine(line);
    if (!split.ok()) {
      AddProblem(file, number, split.status().message());
      return;
    }
    if (split->words.empty()) return;
    AddDirective(file, number, std::move(split->words), source, depth);
  }

  void AddDirective(const std::string& file, int number, std::vector<std::string> words,
                    LineSource& source, int depth) {
    if (words[0].size() > 2 && absl::StartsWith(words[0], "--")) words[0].erase(0, 2);
    if (IsBlockTag(words)) {
      words[0] = words[0].substr(1, words[0].size() - 2);
      if (!SkipBlock(source, words[0])) {
        AddProblem(file, number, absl::StrCat("the block <", words[0], "> has no end"));
        return;
      }
    }
    if (words.size() > 2 && words[0] == "setenv" && words[1] == "opt") {
      words.erase(words.begin(), words.begin() + 2);
    }
    if (words[0] == "cd" && words.size() == 2) directory_ = Resolve(words[1]);
    if (words[0] == "config" && words.size() == 2) {
      if (depth == kMaxConfigDepth) {
        AddProblem(file, number, "the files name each other too deeply, or in a circle");
        return;
      }
      ReadFile(words[1], depth + 1, file, number);
      return;
    }
    lines_.push_back({file, number, std::move(words), ""});
  }

  void AddProblem(const std::string& file, int line, absl::string_view problem) {
    lines_.push_back({file, line, {}, std::string(problem)});
  }

  std::string Resolve(const std::string& path) const {
    return absl::StartsWith(path, "/") ? path : absl::StrCat(directory_, "/", path);
  }

  std::string directory_;
  std::vector<ConfigLine> lines_;
  std::vector<std::string> files_;  // that could be read
};

}  // namespace

std::vector<ConfigLine> ReadOpenvpnConfig(const std::string& config_file,
                                          const std::string& working_directory) {
  Reader reader(working_directory);
  reader.ReadFile(config_file, 1, config_file, 0);
  return reader.Take();
}

std::vector<std::string> ListOpenvpnConfigFiles(const std::string& config_file,
                                                const std::string& working_directory) {
  Reader reader(working_directory);
  reader.ReadFile(config_file, 1, config_file, 0);
  return reader.TakeFiles();
}

}  // namespace ovpnbroker::ovpn
