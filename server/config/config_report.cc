#include "server/config/config_report.h"

#include <google/protobuf/util/time_util.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/config/string_format.h"

namespace ovpnbroker::server {

using google::protobuf::util::TimeUtil;

ConfigReport::ConfigReport(LoadedConfig& loaded) : loaded_(loaded) {
  for (const Finding& finding : loaded.findings) reported_.insert(finding.path);
}

void ConfigReport::Add(Finding finding) { loaded_.findings.push_back(std::move(finding)); }

void ConfigReport::CheckEndpoint(const std::string& value, const std::string& path,
                                 absl::string_view what) {
  CheckUnique(endpoints_, value, path, what);
}

void ConfigReport::Add(const std::string& path, std::string message, Severity severity) {
  if (reported_.count(path) != 0) return;
  loaded_.findings.push_back({severity, loaded_.places.Find(path), path, std::move(message)});
}

void ConfigReport::CheckUnique(std::map<std::string, std::string>& seen, const std::string& value,
                               const std::string& path, absl::string_view what) {
  if (value.empty()) return;
  const auto [earlier, is_new] = seen.emplace(value, path);
  if (is_new) return;
  Add(path, absl::StrCat(what, " \"", value, "\" is taken by ", earlier->second, " (line ",
                         loaded_.places.Find(earlier->second).line, ")"));
}

void ConfigReport::CheckSocketPath(const std::string& socket, const std::string& path) {
  if (socket.size() > kMaxSocketPath) {
    Add(path, absl::StrCat("the socket's path \"", socket, "\" has ", socket.size(),
                           " bytes; at most ", kMaxSocketPath,
                           " are possible: choose a shorter one or a shorter "
                           "runtime_directory"));
  }
}

void ConfigReport::CheckFile(const std::string& file, const std::string& path) {
  if (file.empty()) return;
  std::error_code error;
  if (std::filesystem::is_regular_file(file, error)) return;
  Add(path, absl::StrCat(file, ": ", error ? error.message() : "is not a file"));
}

void ConfigReport::CheckFolder(const std::string& folder, const std::string& path) {
  if (folder.empty()) return;
  std::error_code error;
  if (std::filesystem::is_directory(folder, error)) return;
  Add(path, absl::StrCat(folder, ": ", error ? error.message() : "is not a folder"));
}

void ConfigReport::CheckBackoff(const google::protobuf::Duration& initial,
                                const google::protobuf::Duration& maximum,
                                const std::string& path) {
  if (maximum < initial) {
    Add(absl::StrCat(path, ".max_backoff"),
        absl::StrCat("must not be shorter than initial_backoff (", TimeUtil::ToString(initial),
                     ")"));
  }
}

}  // namespace ovpnbroker::server
