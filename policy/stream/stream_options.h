// How the broker talks to one remote policy: made from the configuration, never changed. Plain
// values; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "ovpn/base/clock.h"
#include "policy/stream/tls_credentials.h"

namespace ovpnbroker::policy {

class AddressResolver;
class SessionAccess;

// Bounds that no configuration moves; both ends of the protocol rely on them.
struct StreamLimits {
  static constexpr int kMaxMessageBytes = 256 * 1024;  // one message, either way
  // Messages to one replica that wait for gRPC; more means that it has stopped reading.
  static constexpr size_t kMaxQueuedMessages = 4096;
  // Addresses behind one DNS name that are dialled.
  static constexpr size_t kMaxAddressesOfName = 16;
  // Events to one replica that wait behind those; the oldest is dropped and counted.
  static constexpr size_t kMaxQueuedEvents = 1024;
  // Messages from one replica that wait for the loop; beyond either the stream is not read.
  static constexpr size_t kMaxUnreadMessages = 1024;
  static constexpr size_t kMaxUnreadBytes = 4 * 1024 * 1024;
  static constexpr int kMaxEnvironmentPatterns = 64;
  static constexpr size_t kMaxAuditAnnotations = 16;
  static constexpr size_t kMaxAnnotationNameBytes = 64;
  static constexpr size_t kMaxAnnotationValueBytes = 256;
  // Answered decisions whose replica is remembered, for outcomes and for REAUTH.
  static constexpr size_t kMaxRememberedDecisions = 16384;
  // Events that may wait for gRPC on one stream; more wait in the journal. One step of the loop
  // makes no more than a chunk of them.
  static constexpr size_t kEventWindow = 256;
  static constexpr size_t kEventChunk = 64;
  // Commands: an id, a reason, and for how long a command that was carried out is known.
  static constexpr size_t kMaxCommandIdBytes = 128;
  static constexpr size_t kMaxReasonBytes = 200;
  static constexpr size_t kMaxRememberedCommands = 4096;
  static constexpr ovpn::Duration kCommandMemory = std::chrono::minutes(10);
};

struct StreamTimings {
  ovpn::Duration handshake_timeout = std::chrono::seconds(5);     // dial to HelloAck
  ovpn::Duration heartbeat_interval = std::chrono::seconds(10);   // of silence
  int max_missed_heartbeats = 3;                                  // in a row
  ovpn::Duration write_stall_timeout = std::chrono::seconds(10);  // one message
  ovpn::Duration progress_interval = std::chrono::seconds(60);    // of no events, with jitter
  ovpn::Duration traffic_interval = std::chrono::seconds(60);     // between lists of byte counts
  ovpn::Duration close_timeout = std::chrono::seconds(1);         // half-close to cancel
  // A stream of this age is replaced by a new one; up to a tenth earlier, so that not all are at
  // once. 0: never.
  ovpn::Duration max_stream_age = std::chrono::hours(1);
  ovpn::Duration initial_backoff = std::chrono::milliseconds(100);
  ovpn::Duration max_backoff = std::chrono::seconds(5);
  // A stream that was READY for so long starts the backoff anew.
  ovpn::Duration backoff_reset_after = std::chrono::seconds(30);
};

// What Hello says of the broker.
struct BrokerIdentity {
  std::string id;     // the configured name
  std::string epoch;  // a random id of this process
  std::string version;
};

// Mutual TLS to the TCP replicas.
struct TlsOptions {
  ovpn::TlsFiles files;
  std::string server_name;  // what their certificates are for; empty: the name or address dialled
  std::chrono::seconds refresh = kTlsRefresh;
};

enum class StreamMode { kEnforce, kShadow };

struct StreamPolicyOptions {
  std::string name;  // the policy's, in the configuration
  // "unix:/path", "127.0.0.1:50051", "[::1]:50051", "dns:policy.example.com:50051"
  std::vector<std::string> addresses;
  bool insecure = false;          // allows TCP without TLS, on loopback only
  std::optional<TlsOptions> tls;  // for TCP; unix sockets do without
  StreamMode mode = StreamMode::kEnforce;
  BrokerIdentity broker;
  int max_in_flight = 256;            // per replica; the replica may want fewer
  size_t max_queued = 4096;           // decisions that wait while every ready replica is full
  bool grant_password = false;        // offers CAPABILITY_PASSWORD
  bool allow_raw_directives = false;  // offers CAPABILITY_RAW_DIRECTIVES
  int circuit_failures = 5;           // in a row; see CircuitBreaker
  ovpn::Duration circuit_open_time = std::chrono::seconds(10);
  // What session events are made of and commands act on; null: neither is offered. Outlives the
  // policy.
  SessionAccess* sessions = nullptr;
  absl::flat_hash_set<std::string> instances;  // the policy judges; it hears of no others
  bool grant_commands = false;                 // offers CAPABILITY_COMMANDS
  double command_rate = 20;                    // a second, over all replicas
  double command_burst = 200;
  ovpn::Duration decision_timeout = std::chrono::seconds(5);  // told to the policy
  ovpn::Duration dns_refresh = std::chrono::seconds(30);      // names are looked up again
  std::shared_ptr<AddressResolver> resolver;                  // null: the system's
  // Offers CAPABILITY_DEADLINE_EXTENSION: the longest that a decision may take with it.
  std::optional<ovpn::Duration> max_decision_timeout = std::nullopt;
  StreamTimings timings;
};

}  // namespace ovpnbroker::policy
