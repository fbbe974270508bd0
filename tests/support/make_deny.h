// A Deny in one expression.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "ovpn/types/verdict.h"

namespace ovpnbroker::test {

inline ovpn::Deny MakeDeny(std::string reason, std::string client_reason = "",
                           std::optional<ovpn::RetryHint> retry = std::nullopt) {
  ovpn::Deny deny;
  deny.reason = std::move(reason);
  deny.client_reason = std::move(client_reason);
  deny.retry = retry;
  return deny;
}

}  // namespace ovpnbroker::test
