// Names under which the admin API's listeners answer grpc.health.v1, besides the empty one, which
// is the process as a whole. ovpn-brokerctl asks for them. Constants; any thread.
#pragma once

namespace ovpnbroker::server {

// The admin API serves.
inline constexpr char kAdminHealth[] = "ovpnbroker.admin.v1";
// The policy of every instance can be asked.
inline constexpr char kPolicyHealth[] = "ovpnbroker.policy";
// Followed by an instance's name: it is RUNNING.
inline constexpr char kInstanceHealth[] = "instances/";

}  // namespace ovpnbroker::server
