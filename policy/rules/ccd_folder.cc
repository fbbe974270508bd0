#include "policy/rules/ccd_folder.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/atomic_file.h"
#include "ovpn/base/status_macros.h"
#include "ovpn/base/utf8.h"
#include "policy/rules/ccd_file.h"
#include "policy/rules/revision.h"

namespace ovpnbroker::policy {
namespace {

// Names of rules that are no files: a file's name has no slash.
constexpr char kNoFileRule[] = "/no-file";
constexpr char kNoNameRule[] = "/no-common-name";

class CcdFolderReader {
 public:
  CcdFolderReader(std::string path, bool exclusive)
      : path_(std::move(path)), exclusive_(exclusive) {}

  absl::StatusOr<std::shared_ptr<const RuleSet>> Read();

 private:
  absl::StatusOr<std::vector<std::string>> ListFiles();
  void ReadFile(const std::string& name);
  size_t AddRule(std::string name, RuleEffect effect, RuleOrigin origin);
  size_t AddRuleForOthers();
  void AddError(const std::string& name, std::string message);

  const std::string path_;
  const bool exclusive_;
  std::vector<Rule> rules_;
  CcdIndex::Rules index_;
  std::vector<RuleError> errors_;
  std::string content_;  // for the revision
};

void CcdFolderReader::AddError(const std::string& name, std::string message) {
  errors_.push_back(
      {0, 0, "", std::move(message), absl::StrCat(path_, "/", absl::Utf8SafeCHexEscape(name))});
}

size_t CcdFolderReader::AddRule(std::string name, RuleEffect effect, RuleOrigin origin) {
  rules_.push_back({std::move(name), RuleMatch(), std::move(effect), std::move(origin)});
  return rules_.size() - 1;
}

// In order of their names, so that the same folder has the same revision.
absl::StatusOr<std::vector<std::string>> CcdFolderReader::ListFiles() {
  std::error_code error;
  std::filesystem::directory_iterator entry(path_, error);
  std::vector<std::string> names;
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    std::string name = entry->path().filename().string();
    std::error_code
        ignored;  // a file that cannot be examined cannot be read either, and is told then
    if (entry->is_directory(ignored)) {
      if (!absl::StartsWith(name, ".")) {
        AddError(name, "is a folder; OpenVPN gives its name plain access: move it elsewhere");
      }
      continue;
    }
    names.push_back(std::move(name));
    if (names.size() > kMaxCcdFiles) {
      return absl::ResourceExhaustedError(
          absl::StrCat(path_, ": more than ", kMaxCcdFiles, " files"));
    }
  }
  if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat("cannot read ", path_));
  std::sort(names.begin(), names.end());
  return names;
}

void CcdFolderReader::ReadFile(const std::string& name) {
  if (CcdFileName(name) != name || !ovpn::IsValidUtf8(name)) {
    return AddError(name, "no common name leads to a file of this name; rename or remove it");
  }
  const std::string file = absl::StrCat(path_, "/", name);
  absl::StatusOr<std::string> text = ovpn::ReadWholeFile(file, kMaxCcdFileBytes);
  if (!text.ok()) return AddError(name, std::string(text.status().message()));
  // NUL and the length keep what belongs to one file apart from the next.
  absl::StrAppend(&content_, name, absl::string_view("\0", 1), text->size(), ":", *text);
  CcdFile parsed = ParseCcdFile(*text, file, errors_);
  index_.files[name] = AddRule(name, std::move(parsed.effect), std::move(parsed.origin));
}

size_t CcdFolderReader::AddRuleForOthers() {
  if (exclusive_) {
    return AddRule(kNoFileRule,
                   ovpn::Deny{.reason = absl::StrCat("no file for this common name in ", path_),
                              .code = "no_rule"},
                   {});
  }
  const auto found = index_.files.find(kCcdDefaultFile);
  return found != index_.files.end() ? found->second : AddRule(kNoFileRule, ovpn::Allow(), {});
}

absl::StatusOr<std::shared_ptr<const RuleSet>> CcdFolderReader::Read() {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListFiles());
  rules_.reserve(names.size() + 2);
  for (const std::string& name : names) {
    ReadFile(name);
    if (content_.size() > kMaxCcdBytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat(path_, ": the files have more than ", kMaxCcdBytes, " bytes together"));
    }
    if (errors_.size() > kMaxRuleErrors) break;
  }
  if (errors_.size() > kMaxRuleErrors) {
    errors_.resize(kMaxRuleErrors);
    errors_.push_back({0, 0, "", "there are more errors; reading ended here", path_});
  }
  if (!errors_.empty()) return absl::InvalidArgumentError(FormatRuleErrors(errors_, path_));
  index_.other = AddRuleForOthers();
  index_.nameless = AddRule(
      kNoNameRule, ovpn::Deny{.reason = "the client has no common name", .code = "no_rule"}, {});
  index_.exclusive = exclusive_;
  absl::StrAppend(&content_, exclusive_ ? "exclusive" : "");
  return std::make_shared<const RuleSet>(std::move(rules_), RevisionOf(content_),
                                         CcdIndex(std::move(index_)));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const RuleSet>> LoadCcdFolder(const std::string& path,
                                                             bool exclusive) {
  return CcdFolderReader(path, exclusive).Read();
}

}  // namespace ovpnbroker::policy
