#include "server/config/config_loader.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/base/utf8.h"
#include "server/config/config_check.h"
#include "server/config/field_value.h"
#include "server/config/yaml_mapper.h"

namespace ovpnbroker::server {
namespace {

LoadedConfig FileError(const std::string& path, std::string message) {
  LoadedConfig loaded;
  loaded.findings.push_back({Finding::Severity::kError, Place{path, 0, 0}, "", std::move(message)});
  return loaded;
}

// The YAML library replaces bytes that are not UTF-8 without a word; a name must not change like
// that.
void CheckEncoding(absl::string_view yaml, const std::string& file,
                   std::vector<Finding>& findings) {
  const size_t valid = ovpn::ValidUtf8Prefix(yaml);
  if (valid == yaml.size()) return;
  Place place{file, 1, 1};
  for (const char c : yaml.substr(0, valid)) {
    if (c == '\n') {
      ++place.line;
      place.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xc0U) != 0x80U) {
      ++place.column;
    }
  }
  findings.push_back(
      {Finding::Severity::kError, std::move(place), "", "is not UTF-8 from here on"});
}

// Defaults that follow from other fields.
void ApplyDerivedDefaults(config::v1::BrokerConfig& config) {
  const std::filesystem::path runtime_directory = config.runtime_directory();
  if (config.admin().socket().empty()) {
    config.mutable_admin()->set_socket((runtime_directory / "admin.sock").string());
  }
  if (config.admin().viewer().socket().empty()) {
    config.mutable_admin()->mutable_viewer()->set_socket(
        (runtime_directory / "viewer.sock").string());
  }
  for (config::v1::InstanceConfig& instance : *config.mutable_instances()) {
    if (instance.working_directory().empty()) {
      instance.set_working_directory(
          std::filesystem::path(instance.config()).parent_path().string());
    }
    if (instance.management().endpoint_case() == config::v1::ManagementConfig::ENDPOINT_NOT_SET) {
      instance.mutable_management()->set_unix(
          (runtime_directory / instance.name() / "management.sock").string());
    }
    if (instance.has_passthrough() && instance.passthrough().socket().empty()) {
      instance.mutable_passthrough()->set_socket(
          (runtime_directory / (instance.name() + ".passthrough.sock")).string());
    }
  }
}

}  // namespace

LoadedConfig ParseConfig(absl::string_view yaml, const std::string& file,
                         const std::string& directory) {
  if (yaml.size() > kMaxConfigBytes) {
    return FileError(file, absl::StrCat("is larger than ", kMaxConfigBytes, " bytes"));
  }
  LoadedConfig loaded;
  MappingResult mapping = MapYaml(yaml, file, directory, loaded.config);
  loaded.places = std::move(mapping.places);
  loaded.findings = std::move(mapping.findings);
  CheckEncoding(yaml, file, loaded.findings);
  ApplyDefaults(loaded.config);
  ApplyDerivedDefaults(loaded.config);
  return loaded;
}

LoadedConfig LoadConfig(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error).lexically_normal();
  if (!std::filesystem::is_regular_file(absolute, error)) {
    return FileError(path, error ? error.message() : "is not a file");
  }
  std::ifstream stream(absolute, std::ios::binary);
  // One byte more than accepted is enough to see that a file is too large.
  std::string yaml(kMaxConfigBytes + 1, '\0');
  stream.read(yaml.data(), static_cast<std::streamsize>(yaml.size()));
  if (!stream.is_open() || stream.bad()) {
    return FileError(path, absl::StrCat("cannot be read: ", std::strerror(errno)));
  }
  yaml.resize(static_cast<size_t>(stream.gcount()));
  LoadedConfig loaded = ParseConfig(yaml, path, absolute.parent_path().string());
  CheckConfig(loaded);
  SortFindings(loaded.findings);
  return loaded;
}

}  // namespace ovpnbroker::server
