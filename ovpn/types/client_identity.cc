#include "ovpn/types/client_identity.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace ovpnbroker::ovpn {
namespace {

// All the words that OpenVPN knows are far shorter together.
constexpr size_t kMaxSsoMethodsBytes = 256;

std::string RealAddress(const Environment& environment) {
  const absl::string_view port = environment.GetOrEmpty("untrusted_port");
  if (const auto v4 = environment.Get("untrusted_ip")) return absl::StrCat(*v4, ":", port);
  if (const auto v6 = environment.Get("untrusted_ip6")) return absl::StrCat("[", *v6, "]:", port);
  return "";
}

}  // namespace

bool ClientIdentity::SupportsSso(absl::string_view method) const {
  for (const absl::string_view word : absl::StrSplit(sso_methods, ',')) {
    if (word == method) return true;
  }
  return false;
}

ClientIdentity ClientIdentity::FromEnvironment(const Environment& environment) {
  ClientIdentity identity;
  identity.common_name = std::string(environment.GetOrEmpty("common_name"));
  identity.username = std::string(environment.GetOrEmpty("username"));
  identity.real_address = RealAddress(environment);
  identity.platform = std::string(environment.GetOrEmpty("IV_PLAT"));
  identity.client_version = std::string(environment.GetOrEmpty("IV_VER"));
  identity.certificate_serial = std::string(environment.GetOrEmpty("tls_serial_hex_0"));
  identity.certificate_sha256 = std::string(environment.GetOrEmpty("tls_digest_sha256_0"));
  if (!absl::SimpleAtoi(environment.GetOrEmpty("IV_PROTO"), &identity.iv_proto))
    identity.iv_proto = 0;
  identity.sso_methods =
      std::string(environment.GetOrEmpty("IV_SSO").substr(0, kMaxSsoMethodsBytes));
  return identity;
}

}  // namespace ovpnbroker::ovpn
