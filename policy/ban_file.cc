#include "policy/ban_file.h"

#include <zlib.h>

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "policy/counted_lines.h"

namespace ovpnbroker::policy {
namespace {

constexpr absl::string_view kFirstLine = "ovpn-broker bans 1\n";
constexpr absl::string_view kLastLine = "end ";
constexpr absl::string_view kNever = "-";
constexpr size_t kWords = 8;

std::optional<Ban> ReadLine(absl::string_view line) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, '\t');
  if (words.size() != kWords || words[0].empty()) return std::nullopt;
  const std::optional<BanKind> kind = ParseBanKind(words[1]);
  const std::optional<std::string> text = ReadText(words[2]);
  if (!kind.has_value() || !text.has_value()) return std::nullopt;
  absl::StatusOr<BanSubject> subject = BanSubject::Parse(*kind, *text);
  const std::optional<ovpn::WallTime> create_time = ReadSeconds(words[3]);
  const std::optional<ovpn::WallTime> expire_time = ReadSeconds(words[4]);
  if (!subject.ok() || !create_time.has_value()) return std::nullopt;
  if (!expire_time.has_value() && words[4] != kNever) return std::nullopt;
  std::optional<std::string> reason = ReadText(words[5]);
  std::optional<std::string> client_reason = ReadText(words[6]);
  std::optional<std::string> creator = ReadText(words[7]);
  if (!reason.has_value() || !client_reason.has_value() || !creator.has_value()) {
    return std::nullopt;
  }
  return Ban{
      std::string(words[0]), *std::move(subject), *std::move(reason), *std::move(client_reason),
      *std::move(creator),   *create_time,        expire_time};
}

std::string LastLine(absl::string_view before, size_t count) {
  const auto* const bytes = reinterpret_cast<const Bytef*>(before.data());
  const uLong checksum = crc32_z(0, bytes, before.size());
  return absl::StrCat(kLastLine, count, " crc32=", absl::Hex(checksum, absl::kZeroPad8), "\n");
}

absl::Status Wrong(size_t line, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", what));
}

}  // namespace

std::string FormatBan(const Ban& ban) {
  return absl::StrCat(
      ban.uid, "\t", ToString(ban.subject.kind()), "\t", FormatText(ban.subject.text()), "\t",
      ToSeconds(ban.create_time), "\t",
      ban.expire_time.has_value() ? absl::StrCat(ToSeconds(*ban.expire_time)) : std::string(kNever),
      "\t", FormatText(ban.reason), "\t", FormatText(ban.client_reason), "\t",
      FormatText(ban.creator), "\n");
}

std::string FormatBanFile(const std::map<std::string, std::string>& lines_by_uid) {
  std::string text(kFirstLine);
  for (const auto& [uid, line] : lines_by_uid) text += line;
  text += LastLine(text, lines_by_uid.size());
  return text;
}

absl::StatusOr<std::vector<Ban>> ParseBanFile(absl::string_view text) {
  absl::string_view rest = text;
  if (!absl::ConsumePrefix(&rest, kFirstLine)) {
    return Wrong(1, absl::StrCat("is not \"", absl::StripSuffix(kFirstLine, "\n"), "\""));
  }
  std::vector<Ban> bans;
  size_t number = 1;
  while (true) {
    ++number;
    const size_t end = rest.find('\n');
    if (end == absl::string_view::npos) return Wrong(number, "the end is missing");
    const absl::string_view line = rest.substr(0, end);
    if (line.substr(0, kLastLine.size()) == kLastLine) {
      const absl::string_view before = text.substr(0, text.size() - rest.size());
      if (rest != LastLine(before, bans.size())) {
        return Wrong(number, "count or checksum is another: the file was changed or lost a part");
      }
      return bans;
    }
    std::optional<Ban> ban = ReadLine(line);
    if (!ban.has_value()) return Wrong(number, "is not a ban");
    bans.push_back(*std::move(ban));
    rest.remove_prefix(end + 1);
  }
}

}  // namespace ovpnbroker::policy
