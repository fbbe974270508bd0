// What must hold for whatever a policy says, checked with OpenVPN's reading of the bytes. For the
// property test and the fuzzer alike.
#pragma once

#include <string>

#include "ovpn/management/directive_policy.h"
#include "ovpn/types/client_config.h"
#include "ovpn/types/verdict.h"

namespace ovpnbroker::test {

// The raw directives that the checked blocks may use.
const ovpn::DirectivePolicy& SomeRawDirectives();

// Compiles `config`. Refused: the violations name fields of it. Compiled: OpenVPN runs exactly one
// client-auth with one known option per line, and a client reads each pushed option line as the
// policy wrote it. Empty, or what does not hold.
std::string BrokenBlockProperty(const ovpn::ClientConfig& config);

// Makes a client-deny. Refused: the violations name fields of it. Made: OpenVPN runs exactly one
// client-deny with the reasons as given. Empty, or what does not hold.
std::string BrokenDenyProperty(const ovpn::Deny& deny);

}  // namespace ovpnbroker::test
