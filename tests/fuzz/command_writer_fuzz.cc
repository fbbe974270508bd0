// Any bytes as a policy's verdict: the block and the deny made of them are refused by field or do
// in OpenVPN what they say. The input is a list of fields, each ended by NUL; a field's first byte
// says what it is:
//   p push option    r raw directive    d search domain    m push-remove    f redirect-gateway flag
//   n name server    t route            i iroute           a ifconfig-push  s ifconfig-ipv6-push
//   R log reason     C client reason    T retry hint
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "ovpn/types/client_config.h"
#include "ovpn/types/verdict.h"
#include "tests/support/command_properties.h"

namespace {

using ovpnbroker::ovpn::ClientConfig;
using ovpnbroker::ovpn::Deny;
using ovpnbroker::ovpn::IfconfigIpv6Push;
using ovpnbroker::ovpn::IfconfigPush;
using ovpnbroker::ovpn::IpAddress;
using ovpnbroker::ovpn::IpPrefix;
using ovpnbroker::ovpn::RedirectGateway;
using ovpnbroker::ovpn::Route;

void AddAddressField(char kind, absl::string_view text, ClientConfig& config) {
  const absl::StatusOr<IpPrefix> prefix = IpPrefix::Parse(text);
  if (kind == 't' && prefix.ok()) config.routes.push_back(Route{*prefix, {}, {}});
  if (kind == 'i' && prefix.ok()) config.iroutes.push_back(*prefix);
  const absl::StatusOr<IpAddress> address = IpAddress::Parse(text);
  if (!address.ok()) return;
  if (kind == 'n') config.dns.push_back(*address);
  if (kind == 'a') config.ifconfig_push = IfconfigPush{*address, *address};
  if (kind == 's') config.ifconfig_ipv6_push = IfconfigIpv6Push{*address, 64, {}};
}

void AddField(char kind, const std::string& text, ClientConfig& config, Deny& deny) {
  switch (kind) {
    case 'p':
      config.push_options.push_back(text);
      break;
    case 'r':
      config.raw_directives.push_back(text);
      break;
    case 'd':
      config.search_domains.push_back(text);
      break;
    case 'm':
      config.push_remove.push_back(text);
      break;
    case 'f':
      if (!config.redirect_gateway.has_value()) config.redirect_gateway.emplace();
      config.redirect_gateway->flags.push_back(text);
      break;
    case 'R':
      deny.reason = text;
      break;
    case 'C':
      deny.client_reason = text;
      break;
    case 'T':
      deny.retry.emplace();
      break;
    default:
      AddAddressField(kind, text, config);
      break;
  }
}

void Require(const std::string& broken) {
  if (broken.empty()) return;
  std::fprintf(stderr, "property broken: %s\n", broken.c_str());
  __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  ClientConfig config;
  Deny deny;
  for (const absl::string_view field : absl::StrSplit(input, '\0', absl::SkipEmpty())) {
    AddField(field.front(), std::string(field.substr(1)), config, deny);
  }
  Require(ovpnbroker::test::BrokenBlockProperty(config));
  Require(ovpnbroker::test::BrokenDenyProperty(deny));
  return 0;
}
