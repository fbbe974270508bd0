#include "server/admin/status_codec.h"

#include <google/protobuf/util/time_util.h>
#include <unistd.h>

#include "ovpn/base/utf8.h"
#include "policy/stream/session_codec.h"
#include "server/admin/session_view.h"

namespace ovpnbroker::server {
namespace {

using ovpn::ReplaceInvalidUtf8;
using policy::TimestampToProto;

admin::v1::Instance::State InstanceStateToProto(ovpn::InstanceState state) {
  switch (state) {
    case ovpn::InstanceState::kStopped:
      return admin::v1::Instance::STATE_STOPPED;
    case ovpn::InstanceState::kStarting:
      return admin::v1::Instance::STATE_STARTING;
    case ovpn::InstanceState::kHolding:
      return admin::v1::Instance::STATE_HOLDING;
    case ovpn::InstanceState::kRunning:
      return admin::v1::Instance::STATE_RUNNING;
    case ovpn::InstanceState::kStopping:
      return admin::v1::Instance::STATE_STOPPING;
    case ovpn::InstanceState::kBackoff:
      return admin::v1::Instance::STATE_BACKOFF;
    case ovpn::InstanceState::kFailed:
      return admin::v1::Instance::STATE_FAILED;
    case ovpn::InstanceState::kDetached:
      return admin::v1::Instance::STATE_DETACHED;
  }
  return admin::v1::Instance::STATE_UNSPECIFIED;
}

admin::v1::PolicyReplica::State ReplicaStateToProto(ReplicaState state) {
  switch (state) {
    case ReplicaState::kBackoff:
      return admin::v1::PolicyReplica::STATE_BACKOFF;
    case ReplicaState::kConnecting:
      return admin::v1::PolicyReplica::STATE_CONNECTING;
    case ReplicaState::kHandshaking:
      return admin::v1::PolicyReplica::STATE_HANDSHAKING;
    case ReplicaState::kReady:
      return admin::v1::PolicyReplica::STATE_READY;
    case ReplicaState::kDraining:
      return admin::v1::PolicyReplica::STATE_DRAINING;
    case ReplicaState::kDrained:
      return admin::v1::PolicyReplica::STATE_DRAINED;
  }
  return admin::v1::PolicyReplica::STATE_UNSPECIFIED;
}

admin::v1::KillResult::Outcome OutcomeToProto(KillOutcome outcome) {
  switch (outcome) {
    case KillOutcome::kDisconnected:
      return admin::v1::KillResult::OUTCOME_DISCONNECTED;
    case KillOutcome::kEnding:
      return admin::v1::KillResult::OUTCOME_ENDING;
    // A session that left the table between two looks at it has ended.
    case KillOutcome::kAlreadyEnded:
    case KillOutcome::kNotFound:
      return admin::v1::KillResult::OUTCOME_ALREADY_ENDED;
    case KillOutcome::kFailed:
      return admin::v1::KillResult::OUTCOME_FAILED;
  }
  return admin::v1::KillResult::OUTCOME_UNSPECIFIED;
}

admin::v1::DecisionStatistics DecisionsToProto(const DecisionStatistics& decisions) {
  admin::v1::DecisionStatistics message;
  message.set_open_count(decisions.open);
  message.set_allowed_count(decisions.allowed);
  message.set_denied_count(decisions.denied);
  message.set_banned_count(decisions.banned);
  message.set_abstained_count(decisions.abstained);
  for (const auto& failure : decisions.failures) {
    auto* count = message.add_failures();
    count->set_cause(std::string(ovpn::ToString(failure.cause)));
    count->set_count(failure.count);
  }
  message.set_failure_admitted_count(decisions.failure_admitted);
  message.set_withdrawn_count(decisions.withdrawn);
  message.set_retry_count(decisions.retries);
  message.set_late_verdict_count(decisions.late_verdicts);
  return message;
}

google::protobuf::Duration DurationToProto(ovpn::Duration duration) {
  return google::protobuf::util::TimeUtil::NanosecondsToDuration(
      std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count());
}

admin::v1::InstanceDrain DrainToProto(const InstanceDrainStatus& status) {
  admin::v1::InstanceDrain message;
  *message.mutable_start_time() = TimestampToProto(status.start_time);
  if (status.end_time.has_value()) {
    *message.mutable_end_time() = TimestampToProto(*status.end_time);
  }
  message.set_reason(ReplaceInvalidUtf8(status.reason));
  message.set_denied_count(status.denied);
  return message;
}

admin::v1::PolicyReplica ReplicaToProto(const ReplicaStatus& status) {
  admin::v1::PolicyReplica message;
  message.set_address(status.address);
  message.set_state(ReplicaStateToProto(status.state));
  *message.mutable_state_change_time() = TimestampToProto(status.state_change_time);
  message.set_in_flight_count(status.in_flight);
  message.set_max_in_flight(status.max_in_flight);
  message.set_revision(ReplaceInvalidUtf8(status.revision));
  message.set_last_error(ReplaceInvalidUtf8(status.last_error));
  message.set_circuit_open(status.circuit_open);
  return message;
}

}  // namespace

admin::v1::Broker BrokerToProto(const BrokerStatus& status) {
  admin::v1::Broker message;
  message.set_version(status.version);
  message.set_epoch(status.epoch);
  *message.mutable_start_time() = TimestampToProto(status.start_time);
  message.set_config_path(ReplaceInvalidUtf8(status.config_path));
  message.set_pid(getpid());
  message.set_draining(status.draining);
  message.set_instance_count(status.instances);
  message.set_running_instance_count(status.running_instances);
  message.set_session_count(status.sessions);
  message.set_established_session_count(status.established_sessions);
  *message.mutable_decisions() = DecisionsToProto(status.decisions);
  return message;
}

admin::v1::Instance InstanceToProto(const InstanceStatus& status) {
  admin::v1::Instance message;
  message.set_name(status.name);
  message.set_state(InstanceStateToProto(status.state));
  message.set_detail(ReplaceInvalidUtf8(status.detail));
  *message.mutable_state_change_time() = TimestampToProto(status.state_change_time);
  message.set_pid(status.pid);
  message.set_epoch(status.epoch.value);
  message.set_restart_count(status.restarts);
  message.set_openvpn_version(ReplaceInvalidUtf8(status.openvpn_version));
  message.set_config_path(ReplaceInvalidUtf8(status.config_path));
  message.set_management_endpoint(ReplaceInvalidUtf8(status.management_endpoint));
  message.set_policy(status.policy);
  message.set_pending_session_count(status.pending_sessions);
  message.set_established_session_count(status.established_sessions);
  if (status.drain.has_value()) *message.mutable_drain() = DrainToProto(*status.drain);
  return message;
}

admin::v1::Policy PolicyToProto(const PolicyStatus& status) {
  admin::v1::Policy message;
  message.set_name(status.name);
  message.set_kind(status.kind == PolicyKind::kRules ? admin::v1::Policy::KIND_RULES
                                                     : admin::v1::Policy::KIND_REMOTE);
  message.set_ready(status.ready);
  message.set_file(ReplaceInvalidUtf8(status.file));
  message.set_revision(ReplaceInvalidUtf8(status.revision));
  message.set_in_flight_count(status.in_flight);
  message.set_last_error(ReplaceInvalidUtf8(status.last_error));
  for (const ReplicaStatus& replica : status.replicas) {
    *message.add_replicas() = ReplicaToProto(replica);
  }
  if (status.latency.count > 0) {
    admin::v1::PolicyLatency& latency = *message.mutable_latency();
    latency.set_count(status.latency.count);
    *latency.mutable_p50() = DurationToProto(status.latency.p50);
    *latency.mutable_p90() = DurationToProto(status.latency.p90);
    *latency.mutable_p99() = DurationToProto(status.latency.p99);
    *latency.mutable_max() = DurationToProto(status.latency.max);
  }
  return message;
}

admin::v1::KillResult KillResultToProto(const KillResult& result) {
  admin::v1::KillResult message;
  if (result.session.has_value()) {
    *message.mutable_session() = SessionToAdminProto(*result.session);
  }
  message.set_outcome(OutcomeToProto(result.outcome));
  message.set_message(ReplaceInvalidUtf8(result.message));
  return message;
}

}  // namespace ovpnbroker::server
