// Questions as an instance would ask them, with the fields that a test cares about.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "ovpn/types/auth_request.h"

namespace ovpnbroker::test {

inline ovpn::KeyRef Key(uint64_t cid, uint32_t kid, std::string instance = "office") {
  return {{std::move(instance), ovpn::Epoch{1}, ovpn::Cid{cid}}, ovpn::Kid{kid}};
}

// Somebody of whom nothing else is known.
inline ovpn::ClientIdentity ClientNamed(std::string common_name) {
  ovpn::ClientIdentity identity;
  identity.common_name = std::move(common_name);
  return identity;
}

inline ovpn::AuthRequest MakeAuthRequest(ovpn::KeyRef key,
                                         ovpn::AuthKind kind = ovpn::AuthKind::kConnect,
                                         ovpn::ClientIdentity identity = {}) {
  ovpn::AuthRequest request;
  request.kind = kind;
  request.session.uid = "session-" + std::to_string(key.client.cid.value);
  request.session.client = key.client;
  request.session.identity = std::move(identity);
  request.key = std::move(key);
  request.environment = std::make_shared<const ovpn::Environment>();
  request.password.emplace("hunter2");
  return request;
}

}  // namespace ovpnbroker::test
