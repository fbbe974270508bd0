// A real client's CONNECT, from the captures in tests/data/transcripts, as often as a benchmark
// wants it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "ovpn/types/auth_request.h"

namespace ovpnbroker::bench {

// All captures, one after the other in order of their names.
std::string ReadAllCaptures();
// The bytes of one CONNECT of a client of OpenVPN 2.6 with a certificate and a password, with other
// numbers and another name: what a server sends for client `cid`.
std::string MakeConnectBytes(uint64_t cid);

class SampleConnect {
 public:
  SampleConnect();

  // The question of client `cid`. All share one environment: making it is the parser's cost.
  ovpn::AuthRequest MakeRequest(uint64_t cid) const;

 private:
  std::shared_ptr<const ovpn::Environment> environment_;
  ovpn::SharedIdentity identity_;
};

}  // namespace ovpnbroker::bench
