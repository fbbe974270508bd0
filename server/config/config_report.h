// What the checks of a configuration share: findings with their place in the file, and the checks
// of single values that many fields need. Owned by CheckConfig for one run; any thread.
#pragma once

#include <google/protobuf/duration.pb.h>

#include <map>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "server/config/config_loader.h"

namespace ovpnbroker::server {

class ConfigReport {
 public:
  using Severity = Finding::Severity;

  // `loaded` outlives the report; findings are added to it.
  explicit ConfigReport(LoadedConfig& loaded);

  const config::v1::BrokerConfig& config() const { return loaded_.config; }

  // A finding on the field at `path`, unless reading the file found one there already.
  void Add(const std::string& path, std::string message, Severity severity = Severity::kError);
  // A finding that has its own place, in another file.
  void Add(Finding finding);

  // `seen` maps values to the path that took each first.
  void CheckUnique(std::map<std::string, std::string>& seen, const std::string& value,
                   const std::string& path, absl::string_view what);
  // Sockets and ports of the whole configuration: no two fields may name the same one.
  void CheckEndpoint(const std::string& value, const std::string& path, absl::string_view what);
  void CheckSocketPath(const std::string& socket, const std::string& path);
  // An empty name passes.
  void CheckFile(const std::string& file, const std::string& path);
  void CheckFolder(const std::string& folder, const std::string& path);
  void CheckBackoff(const google::protobuf::Duration& initial,
                    const google::protobuf::Duration& maximum, const std::string& path);

 private:
  LoadedConfig& loaded_;
  std::set<std::string> reported_;                // paths with a finding of the mapping
  std::map<std::string, std::string> endpoints_;  // in use, to the field's path
};

}  // namespace ovpnbroker::server
