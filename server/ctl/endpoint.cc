#include "server/ctl/endpoint.h"

#include <sys/stat.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ovpn/base/atomic_file.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/tls_files.h"
#include "server/ctl/contexts.h"
#include "server/ctl/environment.h"

namespace ovpnbroker::ctl {
namespace {

constexpr size_t kMaxPemBytes = size_t{1} << 20;
// Beyond the owner: reading by the group is how services share a key.
constexpr mode_t kTooOpen = S_IRWXO | S_IWGRP | S_IXGRP;

absl::Status Fill(const std::string& name, EndpointOptions& options) {
  const absl::StatusOr<config::v1::CliContexts> contexts = ReadContexts(ContextsPath());
  if (!contexts.ok()) return contexts.status();
  const std::string& chosen = name.empty() ? contexts->current() : name;
  if (chosen.empty()) {
    options.socket = kDefaultSocket;
    return absl::OkStatus();
  }
  const absl::StatusOr<config::v1::CliContext> context = FindContext(*contexts, chosen);
  if (!context.ok()) return context.status();
  const auto take = [](std::string& value, const std::string& from) {
    if (value.empty()) value = from;
  };
  options.socket = context->socket();
  options.server = context->server();
  take(options.ca, context->ca());
  take(options.certificate, context->certificate());
  take(options.key, context->key());
  take(options.server_name, context->server_name());
  return absl::OkStatus();
}

absl::StatusOr<Endpoint> SocketEndpoint(const EndpointOptions& options) {
  if (!options.ca.empty() || !options.certificate.empty() || !options.key.empty() ||
      !options.server_name.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--ca, --cert, --key and --server-name are for --server; the socket ",
                     options.socket, " takes none"));
  }
  Endpoint endpoint;
  endpoint.socket = options.socket;
  return endpoint;
}

absl::StatusOr<Endpoint> ServerEndpoint(const EndpointOptions& options) {
  std::vector<std::string> missing;
  if (options.ca.empty()) missing.emplace_back("--ca");
  if (options.certificate.empty()) missing.emplace_back("--cert");
  if (options.key.empty()) missing.emplace_back("--key");
  if (!missing.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the broker at ", options.server, " is reached with certificates on both sides: give ",
        absl::StrJoin(missing, ", "), ", or the fields of its context"));
  }
  const absl::StatusOr<std::string> key = ReadKeyFile(options.key);
  if (!key.ok()) return key.status();
  const ovpn::TlsFiles files{options.ca, options.certificate, options.key};
  for (const ovpn::TlsProblem& problem :
       ovpn::CheckTlsFiles(files, ovpn::SystemClock().WallNow())) {
    if (!problem.is_warning) return absl::InvalidArgumentError(problem.message);
  }
  const auto ca = ovpn::ReadWholeFile(options.ca, kMaxPemBytes);
  if (!ca.ok()) return ca.status();
  const auto certificate = ovpn::ReadWholeFile(options.certificate, kMaxPemBytes);
  if (!certificate.ok()) return certificate.status();
  return Endpoint{"", options.server, *ca, *certificate, *key, options.server_name};
}

}  // namespace

absl::StatusOr<std::string> ReadKeyFile(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) == 0 && (status.st_mode & kTooOpen) != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat(path, ": others can read or change this private key; chmod 600 ", path));
  }
  return ovpn::ReadWholeFile(path, kMaxPemBytes);
}

absl::StatusOr<Endpoint> ResolveEndpoint(const EndpointOptions& given) {
  EndpointOptions options = given;
  if (!options.socket.empty() && !options.server.empty()) {
    return absl::InvalidArgumentError("give either --socket or --server");
  }
  if (!options.context.empty() && !(options.socket.empty() && options.server.empty())) {
    return absl::InvalidArgumentError("give either --context, or --socket or --server");
  }
  if (options.socket.empty() && options.server.empty()) {
    const std::string socket = EnvironmentVariable("OVPN_BROKER_SOCKET");
    if (options.context.empty() && !socket.empty()) {
      options.socket = socket;
    } else {
      const std::string context =
          options.context.empty() ? EnvironmentVariable("OVPN_BROKER_CONTEXT") : options.context;
      absl::Status status = Fill(context, options);
      if (!status.ok()) return status;
    }
  }
  return options.server.empty() ? SocketEndpoint(options) : ServerEndpoint(options);
}

}  // namespace ovpnbroker::ctl
