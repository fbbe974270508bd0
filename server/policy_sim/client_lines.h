// What OpenVPN 2.6 says about a client on its management socket, as text. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/policy_sim/options.h"

namespace ovpnbroker::policy_sim {

// Who a simulated client is.
struct ClientIdentity {
  uint64_t cid = 0;
  std::string common_name;
  std::string username;
  std::string real_ip;
  uint16_t real_port = 0;
  std::vector<std::pair<std::string, std::string>> environment;  // complete, in OpenVPN's order
};

// The `number`th client, from 0.
ClientIdentity MakeClient(const ClientKind& kind, uint64_t number);

// ">CLIENT:KIND,CID[,REST]" with the environment: CONNECT, REAUTH, ESTABLISHED, DISCONNECT,
// CR_RESPONSE.
std::string ClientNotification(absl::string_view kind, const ClientIdentity& client,
                               absl::string_view rest);

}  // namespace ovpnbroker::policy_sim
