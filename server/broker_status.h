// What operators can be told about the broker: plain values, taken on the loop thread in one turn
// and then free to travel. The admin services turn them into protobuf.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ovpn/base/clock.h"
#include "ovpn/base/ids.h"
#include "ovpn/instance/instance_sink.h"
#include "ovpn/types/session.h"
#include "ovpn/types/verdict.h"
#include "policy/latency_window.h"

namespace ovpnbroker::server {

// Counts since the broker started.
struct DecisionStatistics {
  struct FailureCount {
    ovpn::FailureCause cause;
    uint64_t count;
  };

  uint32_t open = 0;  // now
  uint64_t allowed = 0;
  uint64_t denied = 0;
  uint64_t banned = 0;
  uint64_t abstained = 0;
  std::vector<FailureCount> failures;  // causes that happened, each once
  uint64_t failure_admitted = 0;       // of the failures: let in by failure mode or keep_last
  uint64_t withdrawn = 0;              // the client left first
  uint64_t retries = 0;
  uint64_t late_verdicts = 0;
};

struct BrokerStatus {
  std::string version;
  std::string epoch;  // a random name of this process
  ovpn::WallTime start_time;
  std::string config_path;
  bool draining = false;
  uint32_t instances = 0;
  uint32_t running_instances = 0;
  uint32_t sessions = 0;  // all states but ENDED
  uint32_t established_sessions = 0;
  DecisionStatistics decisions;
};

// An instance that takes nobody new.
struct InstanceDrainStatus {
  ovpn::WallTime start_time;
  std::optional<ovpn::WallTime> end_time;  // the sessions that are left are ended
  std::string reason;
  uint64_t denied = 0;
};

struct InstanceStatus {
  std::string name;
  ovpn::InstanceState state = ovpn::InstanceState::kStopped;
  std::string detail;
  ovpn::WallTime state_change_time;
  int pid = 0;  // 0: no child
  ovpn::Epoch epoch;
  uint64_t restarts = 0;
  std::string openvpn_version;
  std::string config_path;
  std::string management_endpoint;
  std::string policy;
  uint32_t pending_sessions = 0;
  uint32_t established_sessions = 0;
  std::optional<InstanceDrainStatus> drain;
};

enum class ReplicaState { kBackoff, kConnecting, kHandshaking, kReady, kDraining, kDrained };

struct ReplicaStatus {
  std::string address;
  ReplicaState state = ReplicaState::kBackoff;
  ovpn::WallTime state_change_time;
  uint32_t in_flight = 0;
  uint32_t max_in_flight = 0;
  std::string revision;
  std::string last_error;
  bool circuit_open = false;  // others are asked before it
};

enum class PolicyKind { kRules, kRemote };

struct PolicyStatus {
  std::string name;
  PolicyKind kind = PolicyKind::kRules;
  bool ready = false;
  std::string file;  // kRules
  std::string revision;
  uint32_t in_flight = 0;
  std::string last_error;
  std::vector<ReplicaStatus> replicas;  // kRemote
  policy::LatencySummary latency;
};

}  // namespace ovpnbroker::server
