// Messages as one line of text, for tests that spell out what OpenVPN said. Shows everything,
// secrets too, so that two texts are equal only when the messages are.
#pragma once

#include <string>

#include "ovpn/management/message.h"
#include "ovpn/types/environment.h"

namespace ovpnbroker::test {

// "CONNECT 0,1 password=[secret-pw] env=56", "STATE 1795332398 CONNECTED [SUCCESS] ...".
std::string Brief(const ovpn::Message& message);
// As Brief, with every entry of the environment.
std::string Full(const ovpn::Message& message);

}  // namespace ovpnbroker::test
