// An OpenVPN configuration as the list of directives that OpenVPN makes of it: files named by
// `config` are read in place, the content of inline blocks (<ca>...</ca>) is skipped, "--" before a
// directive and "setenv opt" around one are taken off. Blocking file reads; any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ovpnbroker::ovpn {

// OpenVPN's own limits (options.c).
inline constexpr int kMaxConfigDepth = 10;
inline constexpr size_t kMaxConfigLineBytes = 255;  // the newline counts
// Ours. Keys and revocation lists may be inline.
inline constexpr size_t kMaxConfigFileBytes = size_t{8} * 1024 * 1024;
inline constexpr size_t kMaxConfigDirectives = 10'000;

struct ConfigLine {
  std::string file;
  int line = 0;                    // from 1; 0: about the file as a whole
  std::vector<std::string> words;  // the directive and its arguments; just the directive if inline
  std::string problem;             // why OpenVPN would stop here; then `words` are empty

  absl::string_view directive() const { return words.empty() ? absl::string_view() : words[0]; }
  // The argument with this index from 1; empty if there is none.
  absl::string_view argument(size_t index) const {
    return index < words.size() ? absl::string_view(words[index]) : absl::string_view();
  }
};

// `working_directory` is where relative `config` paths start, until a `cd`.
std::vector<ConfigLine> ReadOpenvpnConfig(const std::string& config_file,
                                          const std::string& working_directory);
// The paths of the files that it reads, in the order of reading.
std::vector<std::string> ListOpenvpnConfigFiles(const std::string& config_file,
                                                const std::string& working_directory);

}  // namespace ovpnbroker::ovpn
