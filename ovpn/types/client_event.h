// The >CLIENT notifications of OpenVPN as typed values, complete with their environment: nothing
// downstream sees a half block. CIDs and KIDs are OpenVPN's raw numbers; ovpn/instance binds them
// to an epoch. Move-only where a password is inside.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "ovpn/base/ids.h"
#include "ovpn/base/secret.h"
#include "ovpn/types/environment.h"

namespace ovpnbroker::ovpn {

// >CLIENT:CONNECT and >CLIENT:REAUTH: the client waits for an answer.
struct ClientConnect {
  bool reauth = false;
  Cid cid;
  Kid kid;
  Environment environment;         // without `password`
  std::optional<Secret> password;  // present when OpenVPN sent one, even an empty one
};

// >CLIENT:CR_RESPONSE. Any client past TLS may send one unasked.
struct ClientChallengeResponse {
  Cid cid;
  Kid kid;
  Secret response;  // base64 by convention, up to the end of the line
  Environment environment;
};

// >CLIENT:ESTABLISHED: not proof of a working tunnel, and may follow DISCONNECT.
struct ClientEstablished {
  Cid cid;
  Environment environment;
};

// >CLIENT:DISCONNECT. The environment is empty for a client that was never established.
struct ClientDisconnect {
  Cid cid;
  Environment environment;
};

// >CLIENT:ADDRESS: one learned address or iroute.
struct ClientAddress {
  Cid cid;
  std::string address;   // "10.0.0.2", "192.168.50.0/255.255.255.0", "fd00::99", "fd00:99::/48"
  bool primary = false;  // true: tunnel address; false: iroute
};

using ClientEvent = std::variant<ClientConnect, ClientChallengeResponse, ClientEstablished,
                                 ClientDisconnect, ClientAddress>;

}  // namespace ovpnbroker::ovpn
