#include "policy/stream/verdict_encoder.h"

#include <string>
#include <vector>

#include "ovpn/base/utf8.h"

namespace ovpnbroker::policy {
namespace {

using ovpn::ReplaceInvalidUtf8;

template <typename Field>
void CopyText(const std::vector<std::string>& texts, Field& field) {
  for (const std::string& text : texts) field.Add(ReplaceInvalidUtf8(text));
}

type::v1::ClientConfig ConfigToProto(const ovpn::ClientConfig& config) {
  type::v1::ClientConfig message;
  if (config.ifconfig_push.has_value()) {
    message.mutable_ifconfig_push()->set_local(config.ifconfig_push->local.ToString());
    message.mutable_ifconfig_push()->set_remote_or_netmask(
        config.ifconfig_push->remote_or_netmask.ToString());
  }
  if (config.ifconfig_ipv6_push.has_value()) {
    type::v1::IfconfigIpv6Push& push = *message.mutable_ifconfig_ipv6_push();
    push.set_local(config.ifconfig_ipv6_push->local.ToString());
    push.set_prefix_length(config.ifconfig_ipv6_push->prefix_length);
    if (config.ifconfig_ipv6_push->remote.has_value()) {
      push.set_remote(config.ifconfig_ipv6_push->remote->ToString());
    }
  }
  for (const ovpn::Route& route : config.routes) {
    type::v1::Route& added = *message.add_routes();
    added.set_destination(route.destination.ToString());
    if (route.gateway.has_value()) added.set_gateway(route.gateway->ToString());
    if (route.metric.has_value()) added.set_metric(*route.metric);
  }
  for (const ovpn::IpPrefix& network : config.iroutes) message.add_iroutes(network.ToString());
  for (const ovpn::IpAddress& server : config.dns) message.add_dns(server.ToString());
  CopyText(config.search_domains, *message.mutable_search_domains());
  if (config.redirect_gateway.has_value()) {
    CopyText(config.redirect_gateway->flags, *message.mutable_redirect_gateway()->mutable_flags());
  }
  message.set_push_reset(config.push_reset);
  CopyText(config.push_remove, *message.mutable_push_remove());
  CopyText(config.push_options, *message.mutable_push_options());
  CopyText(config.raw_directives, *message.mutable_raw_directives());
  message.set_address_pool(ReplaceInvalidUtf8(config.address_pool));
  return message;
}

v1::SessionLimits LimitsToProto(const ovpn::SessionLimits& limits) {
  v1::SessionLimits message;
  message.set_max_sessions(limits.max_sessions);
  if (limits.max_duration.has_value()) {
    message.mutable_max_duration()->set_seconds(limits.max_duration->count());
  }
  const bool ends = limits.excess == ovpn::SessionLimits::Excess::kEndOldest;
  message.set_excess(ends ? v1::SessionLimits::EXCESS_END_OLDEST
                          : v1::SessionLimits::EXCESS_DENY_NEW);
  return message;
}

struct Encoder {
  v1::Decision& decision;

  void operator()(const ovpn::Allow& allow) const {
    v1::Allow& message = *decision.mutable_allow();
    if (allow.config != ovpn::ClientConfig()) {
      *message.mutable_config() = ConfigToProto(allow.config);
    }
    if (allow.limits != ovpn::SessionLimits()) {
      *message.mutable_limits() = LimitsToProto(allow.limits);
    }
  }

  void operator()(const ovpn::Deny& deny) const {
    v1::Deny& message = *decision.mutable_deny();
    message.set_reason(ReplaceInvalidUtf8(deny.reason));
    message.set_client_reason(ReplaceInvalidUtf8(deny.client_reason));
    message.set_code(ReplaceInvalidUtf8(deny.code));
    if (deny.retry.has_value()) {
      message.mutable_retry()->mutable_backoff()->set_seconds(deny.retry->backoff.count());
      message.mutable_retry()->set_advance(deny.retry->advance);
    }
    if (deny.challenge.has_value()) {
      v1::DynamicChallenge& challenge = *message.mutable_challenge();
      challenge.set_state_id(ReplaceInvalidUtf8(deny.challenge->state_id));
      challenge.set_text(ReplaceInvalidUtf8(deny.challenge->text));
      challenge.set_echo(deny.challenge->echo);
      challenge.set_response_optional(!deny.challenge->response_required);
    }
  }

  void operator()(const ovpn::Abstain&) const { decision.mutable_abstain(); }

  void operator()(const ovpn::Failure& failure) const {
    decision.mutable_failure()->mutable_status()->set_message(ReplaceInvalidUtf8(failure.detail));
  }

  void operator()(const ovpn::PendingAuth& step) const {
    v1::PendingAuth& message = *decision.mutable_pending_auth();
    if (step.method == ovpn::PendingAuth::Method::kWebAuth) {
      message.set_web_auth_url(ReplaceInvalidUtf8(step.text));
    } else {
      message.set_challenge_text(ReplaceInvalidUtf8(step.text));
    }
    CopyText(step.flags, *message.mutable_flags());
    message.set_echo(step.echo);
    message.mutable_timeout()->set_seconds(step.timeout.count());
  }
};

}  // namespace

v1::Decision VerdictToProto(const ovpn::Verdict& verdict) {
  v1::Decision decision;
  std::visit(Encoder{decision}, verdict);
  return decision;
}

}  // namespace ovpnbroker::policy
