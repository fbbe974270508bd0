// The body of a client-auth command, compiled from what a policy allows. OpenVPN admits a client
// even when it does not understand a line of the block, and some lines stop the whole server, so
// everything that could be misread refuses the block as a whole, with the field that is at fault.
// Plain values; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "ovpn/management/checked.h"
#include "ovpn/management/directive_policy.h"
#include "ovpn/types/client_config.h"

namespace ovpnbroker::ovpn {

// One line of the block, without LF. OpenVPN parses what exceeds it as another line.
inline constexpr size_t kMaxBodyLineBytes = 255;
// Limits of ours on one block: 1,000 routes fit. OpenVPN 2.6 itself delivered 10,000 (380 KB, in 1
// KB messages that the client acknowledges one by one), but took 5.6 s to do so on loopback; within
// these limits it takes 0.3 s.
inline constexpr size_t kMaxBodyLines = 1024;
// All that one block pushes, as it stands in PUSH_REPLY: each option with its comma.
inline constexpr size_t kMaxPushBytes = 64 * 1024;

// An address that OpenVPN must report for this client, in the text of >CLIENT:ADDRESS.
struct IntendedAddress {
  std::string address;
  bool primary = false;  // true: tunnel address; false: iroute
  bool operator==(const IntendedAddress&) const = default;
};

class ClientAuthBlock {
 public:
  // Plain accept.
  ClientAuthBlock() = default;

  // Every violation at once, with paths like "allow.config.routes[3].gateway".
  static Checked<ClientAuthBlock> Compile(const ClientConfig& config,
                                          const DirectivePolicy& allowed_raw);

  // In the order they are sent: resets, raw directives, addresses, pushes. So what the typed fields
  // say is neither removed nor overridden by a line of the same block.
  const std::vector<std::string>& lines() const { return lines_; }
  bool empty() const { return lines_.empty(); }
  // What to compare >CLIENT:ADDRESS with. Raw directives are not in it.
  const std::vector<IntendedAddress>& intended_addresses() const { return intended_addresses_; }

 private:
  friend class BlockBuilder;
  ClientAuthBlock(std::vector<std::string> lines, std::vector<IntendedAddress> intended_addresses)
      : lines_(std::move(lines)), intended_addresses_(std::move(intended_addresses)) {}

  std::vector<std::string> lines_;
  std::vector<IntendedAddress> intended_addresses_;
};

}  // namespace ovpnbroker::ovpn
