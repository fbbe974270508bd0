#include "server/config/remote_check.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/dns_target.h"
#include "ovpn/base/tls_files.h"
#include "server/config/string_format.h"

namespace ovpnbroker::server {
namespace {

using ovpn::TlsProblem;

constexpr absl::string_view kUnixPrefix = "unix:";

const char* FieldOf(TlsProblem::File file) {
  switch (file) {
    case TlsProblem::File::kCa:
      return "tls.ca";
    case TlsProblem::File::kCertificate:
      return "tls.certificate";
    case TlsProblem::File::kKey:
      return "tls.key";
  }
  return "tls";
}

// Why TCP to `address` without TLS is refused; empty when it is not.
std::string PlainTcpProblem(const std::string& address, bool insecure) {
  if (absl::StartsWith(address, ovpn::kDnsScheme) && !insecure) {
    return absl::StrCat("\"", address, "\" may lead anywhere, so it needs encryption; ",
                        "add 'tls: { ca, certificate, key }'");
  }
  const auto endpoint = ParseHostPort(address);
  if (!endpoint.ok()) return "";  // a name, checked when it is dialled; or the mapping told
  if (!endpoint->is_loopback()) {
    return absl::StrCat("\"", address, "\" is not a loopback address, so it needs encryption; ",
                        "add 'tls: { ca, certificate, key }'");
  }
  if (insecure) return "";
  return absl::StrCat("TCP to \"", address, "\" is not encrypted; add 'tls: { ca, certificate, ",
                      "key }', use unix:/path, or write 'insecure: true' beside it");
}

}  // namespace

std::vector<RemoteProblem> CheckRemoteSecurity(const config::v1::RemoteConfig& remote,
                                               ovpn::WallTime now) {
  std::vector<RemoteProblem> problems;
  std::string plain_address;
  bool has_tcp = false;
  for (int i = 0; i < remote.addresses_size(); ++i) {
    const std::string& address = remote.addresses(i);
    if (absl::StartsWith(address, kUnixPrefix)) continue;
    has_tcp = true;
    if (remote.has_tls()) continue;
    plain_address = address;
    std::string problem = PlainTcpProblem(address, remote.insecure());
    if (!problem.empty()) {
      problems.push_back({absl::StrCat("addresses[", i, "]"), std::move(problem)});
    }
  }
  if (remote.grant_password() && !plain_address.empty()) {
    problems.push_back(
        {"grant_password",
         absl::StrCat("passwords go over unix sockets or TLS only, and \"", plain_address,
                      "\" is plain TCP; add 'tls' or leave this out")});
  }
  if (!remote.has_tls()) return problems;
  if (remote.insecure()) {
    problems.push_back({"insecure", "contradicts 'tls'; leave one of the two out"});
  }
  if (!has_tcp && remote.addresses_size() > 0) {
    problems.push_back({"tls", "is not used: all addresses are unix sockets", true});
  }
  const config::v1::ClientTlsConfig& tls = remote.tls();
  // What is not written has its error from the mapping.
  if (tls.ca().empty() || tls.certificate().empty() || tls.key().empty()) return problems;
  const ovpn::TlsFiles files{.ca = tls.ca(), .certificate = tls.certificate(), .key = tls.key()};
  for (TlsProblem& problem : ovpn::CheckTlsFiles(files, now)) {
    problems.push_back({FieldOf(problem.file), std::move(problem.message), problem.is_warning});
  }
  return problems;
}

}  // namespace ovpnbroker::server
