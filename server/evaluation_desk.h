// Asks policies about clients that are only described: puts the question, waits for the answer or
// gives up, and tells what would be written to OpenVPN. Neither the engine nor admission is in it:
// nothing is recorded, counted as a decision or given away. Owned by Broker; loop thread only.
#pragma once

#include <asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>

#include "absl/status/statusor.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/deadline_timer.h"
#include "ovpn/management/directive_policy.h"
#include "ovpn/types/auth_request.h"
#include "policy/policy.h"
#include "server/broker_control.h"

namespace ovpnbroker::server {

class EvaluationDesk {
 public:
  // Questions that may wait at once. They are for people who look, and each takes a place among
  // those that its policy answers at a time.
  static constexpr size_t kMaxOpen = 16;

  struct Question {
    std::shared_ptr<policy::Policy> policy;
    ovpn::AuthRequest request;
    // Of the instance: what it may write, and what OpenVPN grants its clients for further steps.
    ovpn::DirectivePolicy allowed_raw;
    std::chrono::seconds time_for_steps;
    ovpn::Duration timeout;  // for the answer
  };
  using Done = std::function<void(absl::StatusOr<Evaluation>)>;

  // Both outlive the desk.
  EvaluationDesk(asio::io_context& loop, const ovpn::Clock& clock);
  // Whoever still waits is not answered: the admin API has ended its calls before.
  ~EvaluationDesk() = default;
  EvaluationDesk(const EvaluationDesk&) = delete;
  EvaluationDesk& operator=(const EvaluationDesk&) = delete;

  // `done` is called once, perhaps before Ask returns. FAILED_PRECONDITION: the policy takes no dry
  // runs; RESOURCE_EXHAUSTED: kMaxOpen wait already. That nobody answered is an evaluation, with a
  // Failure, as it would be for a client.
  void Ask(Question question, Done done);

 private:
  struct OpenQuestion {
    Question question;
    ovpn::SteadyTime deadline;
    Done done;
  };

  void OnReply(const ovpn::DecisionId& id, policy::PolicyReply reply);
  void GiveUp();
  void Arm();

  const ovpn::Clock& clock_;
  ovpn::DeadlineTimer timer_;
  std::map<ovpn::DecisionId, OpenQuestion> open_;
  // Replies find out through a weak pointer that the desk is gone.
  std::shared_ptr<EvaluationDesk*> self_ = std::make_shared<EvaluationDesk*>(this);
};

}  // namespace ovpnbroker::server
