#include "server/policy_sim/client_lines.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace ovpnbroker::policy_sim {
namespace {

// Clients come from the network for benchmarks (RFC 2544), each from an address of its own as long
// as they last.
constexpr uint64_t kAddresses = 1 << 17;
constexpr uint16_t kFirstPort = 10000;

std::string RealAddress(uint64_t number) {
  const uint64_t n = number % kAddresses;
  return absl::StrCat("198.", 18 + (n >> 16), ".", (n >> 8) & 0xff, ".", n & 0xff);
}

}  // namespace

ClientIdentity MakeClient(const ClientKind& kind, uint64_t number) {
  const std::string counted = absl::StrCat(number + 1);
  ClientIdentity client;
  client.cid = number;
  client.common_name = absl::StrReplaceAll(kind.name, {{"{}", counted}});
  client.username = absl::StrReplaceAll(kind.username, {{"{}", counted}});
  client.real_ip = RealAddress(number);
  client.real_port = static_cast<uint16_t>(kFirstPort + number / kAddresses);
  const std::string serial = absl::StrCat(absl::Hex(number + 1, absl::kZeroPad8));
  client.environment = {{"n_clients", "0"},
                        {"untrusted_port", absl::StrCat(client.real_port)},
                        {"untrusted_ip", client.real_ip},
                        {"common_name", client.common_name},
                        {"username", client.username},
                        {"IV_PROTO", "990"},
                        {"IV_CIPHERS", "AES-256-GCM:AES-128-GCM:CHACHA20-POLY1305"},
                        {"IV_NCP", "2"},
                        {"IV_MTU", "1600"},
                        {"IV_PLAT", "linux"},
                        {"IV_VER", "2.6.14"},
                        {"tls_serial_hex_0", serial},
                        {"tls_serial_0", absl::StrCat(number + 1)},
                        {"tls_id_0", absl::StrCat("CN=", client.common_name)},
                        {"X509_0_CN", client.common_name},
                        {"dev", "sim0"},
                        {"dev_type", "tun"}};
  if (client.username.empty()) {
    client.environment.erase(client.environment.begin() + 4);  // without auth-user-pass
  }
  if (!kind.response.empty()) client.environment.emplace_back("IV_SSO", "crtext");
  for (const auto& [name, value] : kind.environment) {
    const auto found =
        std::find_if(client.environment.begin(), client.environment.end(),
                     [&wanted = name](const auto& variable) { return variable.first == wanted; });
    if (found == client.environment.end()) {
      client.environment.emplace_back(name, value);
    } else {
      found->second = value;
    }
  }
  return client;
}

std::string ClientNotification(absl::string_view kind, const ClientIdentity& client,
                               absl::string_view rest) {
  std::string text =
      absl::StrCat(">CLIENT:", kind, ",", client.cid, rest.empty() ? "" : ",", rest, "\r\n");
  for (const auto& [name, value] : client.environment) {
    absl::StrAppend(&text, ">CLIENT:ENV,", name, "=", value, "\r\n");
  }
  return absl::StrCat(text, ">CLIENT:ENV,END\r\n");
}

}  // namespace ovpnbroker::policy_sim
