// How the admin API sees and moves the broker. Implemented by server/broker (and a fake in tests);
// every method is called on the loop thread, every callback comes on it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/ids.h"
#include "ovpn/types/session.h"
#include "ovpnbroker/config/v1/broker_config.pb.h"
#include "policy/address_pools.h"
#include "policy/decision_history.h"
#include "policy/policy.h"
#include "policy/session_journal.h"
#include "policy/shadow_desk.h"
#include "server/ban_control.h"
#include "server/broker_status.h"
#include "server/instance_control.h"
#include "server/recording_desk.h"
#include "server/reload/reload_plan.h"

namespace ovpnbroker::server {

enum class KillDisposition { kHalt, kRestart };

struct KillRequest {
  ovpn::SessionUid uid;
  KillDisposition disposition = KillDisposition::kHalt;
  std::string reason;     // printable ASCII, may be empty; for the log and the client
  ovpn::Duration wait{};  // how long to wait for DISCONNECT; zero: until OpenVPN took the command
};

enum class KillOutcome {
  kDisconnected,  // DISCONNECT came
  kEnding,        // OpenVPN took the command, `wait` passed before DISCONNECT
  kAlreadyEnded,  // there was nothing to kill
  kNotFound,      // no such uid (any more)
  kFailed,        // OpenVPN refused, did not reply, or its instance is not connected
};

struct KillResult {
  KillOutcome outcome = KillOutcome::kFailed;
  std::optional<ovpn::Session> session;  // as it is now; absent with kNotFound
  std::string message;                   // for kFailed
};

// A dry run of one decision.
struct Evaluation {
  std::string policy;
  policy::PolicyReply reply;
  std::vector<std::string> lines = {};                // of an allow
  std::vector<ovpn::FieldViolation> violations = {};  // why the verdict could not be written
};

class BrokerControl {
 public:
  virtual ~BrokerControl() = default;

  virtual BrokerStatus GetStatus() const = 0;
  // In the order of the configuration.
  virtual std::vector<InstanceStatus> ListInstances() const = 0;
  virtual std::vector<PolicyStatus> ListPolicies() const = 0;

  // Calls `visit` for each session whose uid is greater than `after` ("" for all), in uid order,
  // until it returns false: a page costs its own length, and no copy is made of what the caller
  // does not want.
  virtual void VisitSessions(absl::string_view after,
                             const std::function<bool(const ovpn::Session&)>& visit) const = 0;
  virtual std::optional<ovpn::Session> FindSession(const ovpn::SessionUid& uid) const = 0;

  // The pools and their leases; to be looked at, or to end a lease.
  virtual policy::AddressPools& address_pools() = 0;
  virtual const policy::DecisionHistory& decisions() const = 0;
  // As DecisionEngine has them.
  virtual void VisitUnfinishedDecisions(
      const std::function<void(const policy::DecisionRecord&, bool open)>& visit) const = 0;
  virtual const policy::ShadowDesk& shadows() const = 0;
  virtual RecordingDesk& recordings() = 0;
  virtual BanControl& bans() = 0;
  // To be read, for watches.
  virtual policy::SessionJournal& session_journal() = 0;

  virtual InstanceControl& instance_control() = 0;

  // What is in force, and since when.
  virtual const config::v1::BrokerConfig& config() const = 0;
  virtual ovpn::WallTime config_time() const = 0;
  // Reads the configuration file again and takes it over as a whole, or says why not.
  virtual ReloadReport Reload(bool validate_only) = 0;
  // As PolicyRegistry has them.
  virtual absl::Status DrainReplica(const std::string& policy, const std::string& address,
                                    bool force) = 0;
  virtual absl::Status ResumeReplica(const std::string& policy, const std::string& address) = 0;
  // What `policy` (empty: the instance's own) would say. `done` is called once, perhaps before
  // Evaluate returns: NOT_FOUND; FAILED_PRECONDITION when it takes no dry runs;
  // RESOURCE_EXHAUSTED.
  virtual void Evaluate(const std::string& policy, ovpn::AuthRequest request,
                        std::function<void(absl::StatusOr<Evaluation>)> done) = 0;

  // Ends a session. `done` is called once, never before Kill returns, also when the broker stops
  // (kFailed).
  virtual void Kill(KillRequest request, std::function<void(KillResult)> done) = 0;
};

}  // namespace ovpnbroker::server
