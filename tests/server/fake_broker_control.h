// A broker without OpenVPN for tests of the admin API and the CLI: two instances, a few sessions,
// and kills that end when the test says so. Loop thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/broker_control.h"
#include "tests/policy/pool_options.h"
#include "tests/server/fake_instance_control.h"
#include "tests/support/auth_request_builder.h"
#include "tests/support/fake_policy.h"
#include "tests/support/manual_clock.h"

namespace ovpnbroker::server {

// Bans whose disk answers at once, as the test says.
class FakeBanControl final : public BanControl {
 public:
  const policy::BanList& list() const override { return list_; }
  absl::Status Add(policy::Ban ban, Saved saved) override {
    if (full) return absl::ResourceExhaustedError("there are 2 bans already");
    const absl::Status added = list_.Add(std::move(ban));
    if (added.ok()) saved(disk);
    return added;
  }
  std::optional<policy::Ban> Remove(const std::string& uid, Saved saved) override {
    std::optional<policy::Ban> removed = list_.Remove(uid);
    if (removed.has_value()) saved(disk);
    return removed;
  }

  absl::Status disk;
  bool full = false;

 private:
  policy::BanList list_;
};

class FakeBrokerControl final : public BrokerControl {
 public:
  struct OpenKill {
    KillRequest request;
    std::function<void(KillResult)> done;
  };

  // A session that is ESTABLISHED; the uid is "uid-NUMBER" with three digits.
  ovpn::Session& AddSession(int number, const std::string& common_name,
                            const std::string& username) {
    ovpn::Session session;
    session.uid = absl::StrCat("uid-", absl::Dec(number, absl::kZeroPad3));
    session.client = {"office", {1}, {static_cast<uint64_t>(number)}};
    session.state = ovpn::SessionState::kEstablished;
    ovpn::ClientIdentity identity;
    identity.common_name = common_name;
    identity.username = username;
    identity.real_address = absl::StrCat("192.0.2.", number, ":1194");
    session.identity = std::move(identity);
    session.virtual_addresses = {absl::StrCat("10.8.0.", number)};
    session.create_time = ovpn::WallTime(std::chrono::seconds(1'000'000'000));
    session.received_bytes = 1536;
    session.sent_bytes = 10;
    session.policy = "staff";
    return sessions_[session.uid] = std::move(session);
  }

  RecordingDesk& recordings() override { return recordings_; }
  policy::AddressPools& address_pools() override { return pools_; }

  BrokerStatus GetStatus() const override {
    BrokerStatus status;
    status.version = "9.9.9";
    status.epoch = "epoch-1";
    status.config_path = "/etc/ovpn-broker/broker.yaml";
    status.instances = 2;
    status.running_instances = 1;
    status.sessions = static_cast<uint32_t>(sessions_.size());
    status.decisions.allowed = 3;
    status.decisions.failures = {{ovpn::FailureCause::kTimeout, 2}};
    return status;
  }

  std::vector<InstanceStatus> ListInstances() const override {
    InstanceStatus office;
    office.name = "office";
    office.state = ovpn::InstanceState::kRunning;
    office.pid = 4711;
    office.openvpn_version = "2.6.14";
    office.policy = "staff";
    InstanceStatus home;
    home.name = "home";
    home.state = ovpn::InstanceState::kFailed;
    home.detail = "5 deaths in 5m";
    home.policy = "staff";
    return {office, home};
  }

  std::vector<PolicyStatus> ListPolicies() const override {
    PolicyStatus policy;
    policy.name = "staff";
    policy.kind = PolicyKind::kRemote;
    policy.ready = true;
    ReplicaStatus replica;
    replica.address = "unix:/run/policy.sock";
    replica.state = ReplicaState::kReady;
    replica.max_in_flight = 256;
    policy.replicas = {replica};
    return {policy};
  }

  void VisitSessions(absl::string_view after,
                     const std::function<bool(const ovpn::Session&)>& visit) const override {
    for (auto it = sessions_.upper_bound(std::string(after)); it != sessions_.end(); ++it) {
      if (!visit(it->second)) return;
    }
  }

  std::optional<ovpn::Session> FindSession(const ovpn::SessionUid& uid) const override {
    const auto found = sessions_.find(uid);
    if (found == sessions_.end()) return std::nullopt;
    return found->second;
  }

  InstanceControl& instance_control() override { return instances; }
  const config::v1::BrokerConfig& config() const override { return configuration; }
  ovpn::WallTime config_time() const override { return {}; }
  ReloadReport Reload(bool validate_only) override {
    reloads.push_back(validate_only);
    return reload_report;
  }
  absl::Status DrainReplica(const std::string& /*policy*/, const std::string& address,
                            bool force) override {
    if (force || drain_answer.ok()) drained_replicas.push_back(address);
    return force ? absl::OkStatus() : drain_answer;
  }
  absl::Status ResumeReplica(const std::string& /*policy*/,
                             const std::string& /*address*/) override {
    return absl::NotFoundError("it is not drained");
  }
  void Evaluate(const std::string& policy, ovpn::AuthRequest request,
                std::function<void(absl::StatusOr<Evaluation>)> done) override {
    if (request.key.client.instance != "office" || (!policy.empty() && policy != "staff")) {
      return done(absl::NotFoundError("no such instance or policy"));
    }
    if (on_evaluate) on_evaluate(request);
    done(evaluation);
  }
  const policy::DecisionHistory& decisions() const override { return history; }
  void VisitUnfinishedDecisions(const std::function<void(const policy::DecisionRecord&,
                                                         bool open)>& /*visit*/) const override {}
  const policy::ShadowDesk& shadows() const override { return shadow_desk_; }
  FakeBanControl& bans() override { return bans_; }
  policy::SessionJournal& session_journal() override { return journal_; }
  // What happens to a session that AddSession made.
  void Change(const ovpn::SessionUid& uid, ovpn::SessionState state) {
    ovpn::Session& session = sessions_.at(uid);
    session.state = state;
    journal_.Append(policy::SessionRecord{ovpn::SessionChange::kEstablished, session});
  }

  // The candidate "next" denies what "staff" allowed.
  void AddShadowDifference() {
    candidate_->OnAsk([](const policy::Inquiry&, const policy::Policy::ReplyCallback& reply) {
      reply({ovpn::Deny{"closed", "", ""}, "r2", "", {}});
    });
    shadow_desk_.Assign("office", {candidate_});
    const ovpn::AuthRequest request = test::MakeAuthRequest(test::Key(1, 1));
    shadow_desk_.OnJudged({"decision-1", request, "staff", "r1", ovpn::Allow{}, {}});
    shadow_desk_.Pump();
  }

  void Kill(KillRequest request, std::function<void(KillResult)> done) override {
    kills_.push_back({std::move(request), std::move(done)});
    if (on_kill) on_kill();
  }

  // Answers the kill that came first.
  void FinishKill(KillOutcome outcome) {
    OpenKill kill = std::move(kills_.front());
    kills_.erase(kills_.begin());
    KillResult result{outcome, FindSession(kill.request.uid), ""};
    if (result.session.has_value() && outcome == KillOutcome::kDisconnected) {
      result.session->state = ovpn::SessionState::kEnded;
    }
    kill.done(std::move(result));
  }

  const std::vector<OpenKill>& kills() const { return kills_; }

  policy::DecisionHistory history;
  FakeInstanceControl instances;
  config::v1::BrokerConfig configuration;
  ReloadReport reload_report;
  std::vector<bool> reloads;  // validate_only of each
  std::vector<std::string> drained_replicas;
  absl::Status drain_answer;  // without force
  absl::StatusOr<Evaluation> evaluation = absl::FailedPreconditionError("staff takes no dry runs");
  std::function<void(const ovpn::AuthRequest&)> on_evaluate;  // may be empty
  std::function<void()> on_kill;                              // after each Kill; may be empty

 private:
  FakeBanControl bans_;
  policy::AddressPools pools_{{test::Pool("staff", "10.8.0.10-10.8.0.11")}};
  test::ManualClock clock_;
  policy::SessionJournal journal_{"epoch-1", clock_, 64};
  std::shared_ptr<test::FakePolicy> candidate_ = std::make_shared<test::FakePolicy>("next");
  RecordingDesk recordings_;
  policy::ShadowDesk shadow_desk_{clock_, {}, [] {}};
  std::map<ovpn::SessionUid, ovpn::Session> sessions_;
  std::vector<OpenKill> kills_;
};

}  // namespace ovpnbroker::server
