#include "ovpn/types/client_identity.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace ovpnbroker::ovpn {
namespace {

// All the words that OpenVPN knows are far shorter together.
constexpr size_t kMaxSsoMethodsBytes = 256;

// The values that an identity is made of. One that did not come has no data, one that came empty
// has.
struct Values {
  absl::string_view common_name;
  absl::string_view username;
  absl::string_view untrusted_ip;
  absl::string_view untrusted_ip6;
  absl::string_view untrusted_port;
  absl::string_view iv_plat;
  absl::string_view iv_proto;
  absl::string_view iv_sso;
  absl::string_view iv_ver;
  absl::string_view tls_digest_sha256_0;
  absl::string_view tls_serial_hex_0;

  // Where the value of `name` belongs; nullptr for the names of no interest, most of which differ
  // in length already.
  absl::string_view* Find(absl::string_view name) {
    switch (name.size()) {
      case 6:
        return name == "IV_VER" ? &iv_ver : name == "IV_SSO" ? &iv_sso : nullptr;
      case 7:
        return name == "IV_PLAT" ? &iv_plat : nullptr;
      case 8:
        return name == "username" ? &username : name == "IV_PROTO" ? &iv_proto : nullptr;
      case 11:
        return name == "common_name" ? &common_name : nullptr;
      case 12:
        return name == "untrusted_ip" ? &untrusted_ip : nullptr;
      case 13:
        return name == "untrusted_ip6" ? &untrusted_ip6 : nullptr;
      case 14:
        return name == "untrusted_port" ? &untrusted_port : nullptr;
      case 16:
        return name == "tls_serial_hex_0" ? &tls_serial_hex_0 : nullptr;
      case 19:
        return name == "tls_digest_sha256_0" ? &tls_digest_sha256_0 : nullptr;
      default:
        return nullptr;
    }
  }
};

// In one pass, where a Get for each would be eleven over fifty entries.
Values ReadValues(const Environment& environment) {
  Values values;
  for (const auto [name, value] : environment) {
    absl::string_view* const wanted = values.Find(name);
    if (wanted != nullptr && wanted->data() == nullptr) *wanted = value;
  }
  return values;
}

std::string RealAddress(const Values& values) {
  if (values.untrusted_ip.data() != nullptr) {
    return absl::StrCat(values.untrusted_ip, ":", values.untrusted_port);
  }
  if (values.untrusted_ip6.data() != nullptr) {
    return absl::StrCat("[", values.untrusted_ip6, "]:", values.untrusted_port);
  }
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
  const Values values = ReadValues(environment);
  uint32_t iv_proto;
  if (!absl::SimpleAtoi(values.iv_proto, &iv_proto)) iv_proto = 0;
  return {
      .common_name = std::string(values.common_name),
      .username = std::string(values.username),
      .real_address = RealAddress(values),
      .platform = std::string(values.iv_plat),
      .client_version = std::string(values.iv_ver),
      .certificate_serial = std::string(values.tls_serial_hex_0),
      .certificate_sha256 = std::string(values.tls_digest_sha256_0),
      .iv_proto = iv_proto,
      .sso_methods = std::string(values.iv_sso.substr(0, kMaxSsoMethodsBytes)),
  };
}

}  // namespace ovpnbroker::ovpn
