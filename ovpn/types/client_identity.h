// Who a client says it is and what OpenVPN proved of it, read once from an environment. Strings are
// bytes as OpenVPN sent them. Plain value; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "ovpn/types/environment.h"

namespace ovpnbroker::ovpn {

struct ClientIdentity {
  std::string common_name;         // from the certificate; empty without one
  std::string username;            // from auth-user-pass; empty when optional and not given
  std::string real_address;        // "192.0.2.7:50123" or "[2001:db8::7]:50123"; from
                                   // untrusted_ip(6)/untrusted_port
  std::string platform;            // IV_PLAT: "linux", "win", "mac", ...
  std::string client_version;      // IV_VER: "2.6.14"
  std::string certificate_serial;  // tls_serial_hex_0, as OpenVPN prints it
  std::string certificate_sha256;  // tls_digest_sha256_0, lower-case hex with colons
  uint32_t iv_proto = 0;           // IV_PROTO bits; 0 when absent or not a number
  std::string sso_methods;         // IV_SSO: "webauth,crtext"; what the client can do besides

  // IV_PROTO bit: the client understands AUTH_PENDING, so a prompt verdict may wake it
  // (openvpn-management.md 5).
  static constexpr uint32_t kIvProtoAuthPendingKeyword = 1U << 4;
  bool SupportsAuthPending() const { return (iv_proto & kIvProtoAuthPendingKeyword) != 0; }

  // True when `method` is one of the words of sso_methods: "webauth", "openurl", "crtext".
  bool SupportsSso(absl::string_view method) const;

  static ClientIdentity FromEnvironment(const Environment& environment);
};

}  // namespace ovpnbroker::ovpn
