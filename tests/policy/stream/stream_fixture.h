// A loop, a StreamPolicy on it and scripted servers on unix sockets of the test's own.
#pragma once

#include <gtest/gtest.h>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ovpn/base/clock.h"
#include "policy/stream/stream_policy.h"
#include "tests/support/auth_request_builder.h"
#include "tests/support/loop_runner.h"
#include "tests/support/recording_logger.h"
#include "tests/support/scripted_policy.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::policy {

class StreamFixture : public testing::Test {
 protected:
  using Request = v1::StreamDecisionsRequest;
  using Response = v1::StreamDecisionsResponse;

  std::string Address(const std::string& name) const { return "unix:" + directory_.File(name); }

  std::unique_ptr<test::ScriptedPolicy> Serve(const std::string& name,
                                              test::PolicyScript script = {}) {
    return std::make_unique<test::ScriptedPolicy>(loop_, Address(name), std::move(script));
  }

  // Of a service that takes one request at a time.
  static test::PolicyScript OneAtATime(test::PolicyScript script = test::SilentPolicy()) {
    script.ack->set_max_in_flight(1);
    return script;
  }

  StreamPolicyOptions Options(const std::vector<std::string>& names) const {
    StreamPolicyOptions options;
    options.name = "corp";
    options.broker = {"broker-1", "epoch-1", "0.1.0"};
    for (const std::string& name : names) options.addresses.push_back(Address(name));
    options.timings.initial_backoff = std::chrono::milliseconds(5);
    options.timings.max_backoff = std::chrono::milliseconds(20);
    options.timings.close_timeout = std::chrono::milliseconds(200);
    return options;
  }

  void Open(StreamPolicyOptions options) {
    policy_ = *StreamPolicy::Create(loop_, clock_, logger_, std::move(options));
  }

  bool RunUntil(const std::function<bool()>& done) { return test::RunUntil(loop_, done); }

  bool RunUntilReady(size_t replicas = 1) {
    return RunUntil([this, replicas] {
      size_t ready = 0;
      for (const ReplicaStatus& replica : policy_->Replicas()) {
        if (replica.state == ReplicaState::kReady) ++ready;
      }
      return ready == replicas;
    });
  }

  // Asks for `id`; what comes back is in replies_[id].
  void Ask(const std::string& id, int attempt = 1, ovpn::AuthKind kind = ovpn::AuthKind::kConnect) {
    auto found = requests_.find(id);
    if (found == requests_.end()) {
      ovpn::AuthRequest request = test::MakeAuthRequest(test::Key(requests_.size(), 1), kind);
      found = requests_.emplace(id, std::move(request)).first;
    }
    policy_->Ask({.decision_id = found->first,
                  .attempt = attempt,
                  .request = found->second,
                  .timeout = std::chrono::seconds(5)},
                 [this, id](PolicyReply reply) { replies_[id].push_back(std::move(reply)); });
  }

  // As Ask, about a client that is only described.
  void AskDry(const std::string& id) {
    const auto made = requests_.emplace(id, test::MakeAuthRequest(test::Key(requests_.size(), 1)));
    policy_->Ask({.decision_id = made.first->first,
                  .request = made.first->second,
                  .timeout = std::chrono::seconds(5),
                  .dry_run = true},
                 [this, id](PolicyReply reply) { replies_[id].push_back(std::move(reply)); });
  }

  bool RunUntilReply(const std::string& id) {
    return RunUntil([this, id] { return !replies_[id].empty(); });
  }

  // Why the only reply to `id` failed; nullopt when it did not fail.
  std::optional<ovpn::FailureCause> FailureOf(const std::string& id) {
    const auto* failure = std::get_if<ovpn::Failure>(&replies_[id].at(0).verdict);
    return failure == nullptr ? std::nullopt : std::optional(failure->cause);
  }

  bool Allowed(const std::string& id) {
    return std::holds_alternative<ovpn::Allow>(replies_[id].at(0).verdict);
  }

  ReplicaStatus Status(size_t index) { return policy_->Replicas().at(index); }

  test::TempDir directory_;
  asio::io_context loop_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(loop_);
  ovpn::SystemClock clock_;
  test::RecordingLogger logger_;
  std::map<std::string, ovpn::AuthRequest> requests_;
  std::map<std::string, std::vector<PolicyReply>> replies_;
  std::unique_ptr<StreamPolicy> policy_;
};

}  // namespace ovpnbroker::policy
