#include "server/ctl/contexts.h"

#include <sys/stat.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/atomic_file.h"
#include "ovpn/base/suggest.h"
#include "server/config/yaml_mapper.h"
#include "server/ctl/environment.h"

namespace ovpnbroker::ctl {
namespace {

using config::v1::CliContext;
using config::v1::CliContexts;

constexpr size_t kMaxFileBytes = size_t{1} << 20;
constexpr mode_t kOthersMayWrite = S_IWGRP | S_IWOTH;
constexpr mode_t kFileMode = 0600;
constexpr mode_t kDirectoryMode = 0700;

// Who can write the file chooses which broker we believe and whose key we show.
absl::Status CheckOwner(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return absl::OkStatus();  // reading it tells why
  if (status.st_uid != geteuid() && status.st_uid != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat(path, ": belongs to somebody else; make a file of your own"));
  }
  if ((status.st_mode & kOthersMayWrite) != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat(path, ": others can write it; chmod go-w ", path));
  }
  return absl::OkStatus();
}

absl::Status CheckContexts(const std::string& path, const CliContexts& contexts) {
  std::set<std::string> names;
  for (const CliContext& context : contexts.contexts()) {
    if (!names.insert(context.name()).second) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": there are two contexts '", context.name(), "'; rename one"));
    }
    if (context.socket().empty() == context.server().empty()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": context '", context.name(),
                                                     "': give it either a socket or a server"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string ContextsPath() {
  std::string path = EnvironmentVariable("OVPN_BROKER_CONTEXTS");
  if (!path.empty()) return path;
  std::filesystem::path directory = EnvironmentVariable("XDG_CONFIG_HOME");
  const std::string home = EnvironmentVariable("HOME");
  if (directory.empty() && home.empty()) return "";
  if (directory.empty()) directory = std::filesystem::path(home) / ".config";
  return (directory / "ovpn-broker" / "contexts.yaml").string();
}

absl::StatusOr<CliContexts> ReadContexts(const std::string& path) {
  CliContexts contexts;
  if (path.empty()) return contexts;
  const absl::StatusOr<std::string> text = ovpn::ReadWholeFile(path, kMaxFileBytes);
  if (absl::IsNotFound(text.status())) return contexts;
  if (!text.ok()) return text.status();
  absl::Status status = CheckOwner(path);
  if (!status.ok()) return status;
  const server::MappingResult mapping =
      server::MapYaml(*text, path, std::filesystem::path(path).parent_path().string(), contexts);
  if (!mapping.findings.empty()) {
    return absl::InvalidArgumentError(
        absl::StripTrailingAsciiWhitespace(server::FormatFindings(mapping.findings)));
  }
  status = CheckContexts(path, contexts);
  if (!status.ok()) return status;
  return contexts;
}

absl::Status WriteContexts(const std::string& path, const CliContexts& contexts) {
  if (path.empty()) {
    return absl::FailedPreconditionError(
        "there is no home directory to keep contexts in; name a file with OVPN_BROKER_CONTEXTS");
  }
  absl::Status valid = CheckContexts(path, contexts);
  if (!valid.ok()) return valid;
  YAML::Emitter out;
  out << YAML::Comment("Brokers for ovpn-brokerctl; see ovpn-brokerctl context --help.")
      << YAML::Newline << YAML::BeginMap;
  const auto field = [&out](const char* name, const std::string& value) {
    if (!value.empty()) out << YAML::Key << name << YAML::Value << YAML::DoubleQuoted << value;
  };
  field("current", contexts.current());
  out << YAML::Key << "contexts" << YAML::Value << YAML::BeginSeq;
  for (const CliContext& context : contexts.contexts()) {
    out << YAML::BeginMap;
    field("name", context.name());
    field("socket", context.socket());
    field("server", context.server());
    field("ca", context.ca());
    field("certificate", context.certificate());
    field("key", context.key());
    field("server_name", context.server_name());
    out << YAML::EndMap;
  }
  out << YAML::EndSeq << YAML::EndMap;

  const std::filesystem::path directory = std::filesystem::path(path).parent_path();
  if (!directory.empty() && !std::filesystem::exists(directory)) {
    const absl::Status made = ovpn::MakeStateDirectory(directory.string());
    if (!made.ok()) return made;
    chmod(directory.c_str(), kDirectoryMode);
  }
  return ovpn::WriteFileAtomically(path, absl::StrCat(out.c_str(), "\n"), kFileMode);
}

absl::StatusOr<CliContext> FindContext(const CliContexts& contexts, const std::string& name) {
  std::vector<absl::string_view> known;
  for (const CliContext& context : contexts.contexts()) {
    if (context.name() == name) return context;
    known.push_back(context.name());
  }
  return absl::NotFoundError(absl::StrCat("there is no context '", name, "'",
                                          ovpn::DidYouMean(name, known),
                                          "\nSee them with: ovpn-brokerctl context list"));
}

}  // namespace ovpnbroker::ctl
