#include "ovpn/base/dns_target.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr size_t kMaxName = 253;
constexpr int kMaxPort = 65535;

bool IsName(absl::string_view name) {
  return !name.empty() && name.size() <= kMaxName &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' ||
                  c == '_';
         });
}

}  // namespace

absl::StatusOr<DnsTarget> ParseDnsTarget(absl::string_view address) {
  int port = 0;
  const size_t colon = address.rfind(':');
  if (absl::ConsumePrefix(&address, kDnsScheme) && colon >= kDnsScheme.size()) {
    const absl::string_view name = address.substr(0, colon - kDnsScheme.size());
    const absl::string_view digits = address.substr(colon - kDnsScheme.size() + 1);
    if (IsName(name) && absl::SimpleAtoi(digits, &port) && port >= 1 && port <= kMaxPort) {
      return DnsTarget{std::string(name), absl::StrCat(port)};
    }
  }
  return absl::InvalidArgumentError("expected dns:NAME:PORT such as dns:policy.example.com:50051");
}

}  // namespace ovpnbroker::ovpn
