#include "policy/stream/channel_factory.h"

#include <grpc/grpc.h>
#include <sys/un.h>

#include <chrono>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "ovpn/base/status_macros.h"
#include "ovpn/types/ip.h"

namespace ovpnbroker::policy {
namespace {

constexpr absl::string_view kUnixScheme = "unix:";
constexpr int kMaxPort = 65535;
// The transport's own reconnect delay. Replica resets it at each dial and paces the dials itself.
constexpr int kInitialConnectBackoffMs = 200;
// HTTP/2 pings find a dead path below the heartbeats; servers punish anything below 5 minutes.
constexpr int kKeepaliveTimeMs = 300'000;
constexpr int kKeepaliveTimeoutMs = 20'000;

absl::Status CheckUnixPath(absl::string_view path) {
  if (!absl::StartsWith(path, "/")) {
    return absl::InvalidArgumentError("the path after unix: must be absolute");
  }
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("the socket path is longer than ",
                                                   sizeof(sockaddr_un::sun_path) - 1, " bytes"));
  }
  return absl::OkStatus();
}

bool IsLoopback(const ovpn::IpAddress& ip) {
  static const ovpn::IpPrefix kLoopbackV4 = *ovpn::IpPrefix::Parse("127.0.0.0/8");
  static const ovpn::IpPrefix kLoopbackV6 = *ovpn::IpPrefix::Parse("::1/128");
  return kLoopbackV4.Contains(ip) || kLoopbackV6.Contains(ip);
}

int Milliseconds(ovpn::Duration duration) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

}  // namespace

ChannelFactory::ChannelFactory(const StreamPolicyOptions& options)
    : options_(options),
      tls_(options.tls.has_value()
               ? MakeTlsChannelCredentials(options.tls->files, options.tls->refresh)
               : nullptr) {}

absl::Status ChannelFactory::CheckTcpAddress(absl::string_view address) const {
  const size_t colon = address.rfind(':');
  int port = 0;
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(address.substr(colon + 1), &port) ||
      port < 1 || port > kMaxPort) {
    return absl::InvalidArgumentError(
        "must be unix:/path, ADDRESS:PORT or [ADDRESS]:PORT with a port from 1 to 65535");
  }
  absl::string_view host = address.substr(0, colon);
  const bool bracketed = absl::ConsumePrefix(&host, "[") && absl::ConsumeSuffix(&host, "]");
  const absl::StatusOr<ovpn::IpAddress> ip = ovpn::IpAddress::Parse(host);
  if (!ip.ok() || ip->is_v6() != bracketed) {
    return absl::InvalidArgumentError(
        "must name an IP address before the port, in brackets when it is IPv6");
  }
  if (tls_ != nullptr) return absl::OkStatus();
  if (!IsLoopback(*ip)) {
    return absl::InvalidArgumentError("needs `tls`: plain TCP is for loopback addresses only");
  }
  if (!options_.insecure) {
    return absl::InvalidArgumentError(
        "plain TCP needs `insecure: true`; prefer unix:/path or `tls`");
  }
  if (options_.grant_password) {
    return absl::InvalidArgumentError(
        "passwords go over unix sockets or TLS only: use `tls`, or take `grant_password` out");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> ChannelFactory::Make(
    const std::string& address, const std::string& server_name) const {
  absl::string_view path = address;
  const bool is_unix = absl::ConsumePrefix(&path, kUnixScheme);
  const absl::Status checked = is_unix ? CheckUnixPath(path) : CheckTcpAddress(address);
  if (!checked.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("address ", address, ": ", checked.message()));
  }

  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, StreamLimits::kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, StreamLimits::kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kInitialConnectBackoffMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, Milliseconds(options_.timings.max_backoff));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveTimeMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 0);
  // A policy is a neighbour: never through a proxy of the environment.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (is_unix || tls_ == nullptr) {
    return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  }
  const std::string& name =
      options_.tls->server_name.empty() ? server_name : options_.tls->server_name;
  if (!name.empty()) arguments.SetSslTargetNameOverride(name);
  return grpc::CreateCustomChannel(address, tls_, arguments);
}

}  // namespace ovpnbroker::policy
