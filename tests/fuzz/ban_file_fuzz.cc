// Any bytes as a ban file: bans or an error, never a crash. The checksum would keep nearly all
// inputs from being read at all, so the lines of an input are read once more inside a file that is
// whole: bans that are accepted are the same bans when they were written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "policy/ban_file.h"

namespace {

using ovpnbroker::policy::Ban;

std::string Whole(absl::string_view lines) {
  std::map<std::string, std::string> by_number;
  for (const absl::string_view line : absl::StrSplit(lines, '\n')) {
    by_number.emplace(absl::StrCat(absl::Dec(by_number.size(), absl::kZeroPad8)),
                      absl::StrCat(line, "\n"));
  }
  return ovpnbroker::policy::FormatBanFile(by_number);
}

std::string Written(const std::map<std::string, Ban>& bans) {
  std::map<std::string, std::string> lines;
  for (const auto& [uid, ban] : bans) lines[uid] = ovpnbroker::policy::FormatBan(ban);
  return ovpnbroker::policy::FormatBanFile(lines);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using ovpnbroker::policy::ParseBanFile;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  ParseBanFile(text).status().IgnoreError();
  const auto read = ParseBanFile(Whole(text));
  if (!read.ok()) return 0;
  std::map<std::string, Ban> bans;
  for (const Ban& ban : *read) bans.insert_or_assign(ban.uid, ban);
  const auto again = ParseBanFile(Written(bans));
  if (!again.ok() || again->size() != bans.size()) std::abort();
  for (const Ban& ban : *again) {
    if (bans.at(ban.uid) != ban) std::abort();
  }
  return 0;
}
