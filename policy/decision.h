// The obligation to answer one CONNECT or REAUTH. Whoever holds a Decision owes OpenVPN an answer;
// whoever loses it (early return, exception, dropped queue) has denied the client: the destructor
// pays the debt. Made by the broker for each AuthRequest, owned by the engine until it is settled.
// Loop thread only.
#pragma once

#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "ovpn/base/ids.h"
#include "ovpn/types/auth_request.h"
#include "ovpn/types/verdict.h"
#include "policy/engine_options.h"

namespace ovpnbroker::policy {

// What became of an answer that was handed to the instance.
struct AnswerResult {
  enum class Status {
    kQueued,    // accepted; its outcome comes through DecisionEngine::OnAnswerOutcome
    kRejected,  // would not make a block that OpenVPN reads as meant: see violations
    kGone,      // the client, its key or its tunnel run are no more
  };

  static AnswerResult Queued() { return {}; }
  static AnswerResult Rejected(std::vector<ovpn::FieldViolation> violations) {
    return {Status::kRejected, std::move(violations)};
  }
  static AnswerResult Gone() { return {.status = Status::kGone}; }

  Status status = Status::kQueued;
  std::vector<ovpn::FieldViolation> violations = {};
  // With kQueued for a PendingAuth: how long the client has from now.
  ovpn::Duration granted{};
  // With kQueued, for the record: what is written, without secrets, and the addresses asked for.
  std::vector<std::string> lines = {};
  std::vector<std::string> wanted_addresses = {};
};

class Decision {
 public:
  // Compiles the answer (an Allow, a Deny, or a PendingAuth before them) and hands it to the
  // instance that asked.
  using Answer = absl::AnyInvocable<AnswerResult(const ovpn::Verdict&)>;

  // None of `request.environment`, `options` and `answer` may be null.
  Decision(ovpn::DecisionId id, ovpn::AuthRequest&& request,
           std::shared_ptr<const EngineOptions> options, Answer answer);
  // Denies as FailureCause::kShutdown when the answer is still owed.
  ~Decision();
  // A moved-from Decision owes nothing and has only its destructor left. Assignment first pays
  // what the target owes.
  Decision(Decision&& other) noexcept;
  Decision& operator=(Decision&& other) noexcept;
  Decision(const Decision&) = delete;
  Decision& operator=(const Decision&) = delete;

  const ovpn::DecisionId& id() const { return id_; }
  const ovpn::AuthRequest& request() const { return *request_; }
  const EngineOptions& options() const { return *options_; }
  // False once settled, waived or moved from, and while the answer functor runs.
  bool owed() const { return answer_ != nullptr; }

  // Gives the answer, an Allow or a Deny; requires owed(). After kRejected the answer is still
  // owed. An exception of the functor counts as kRejected.
  AnswerResult Settle(const ovpn::Verdict& answer);
  // Puts a further step to the client; the answer is still owed. Requires owed(). An exception of
  // the functor counts as kRejected.
  AnswerResult PutStep(const ovpn::PendingAuth& step);
  // The client has answered the step's question: from now on that is the request. It keeps the
  // password of the first one.
  void Continue(ovpn::AuthRequest response);
  // The question is void (client gone, superseded): an answer would reach nobody.
  void Waive() { answer_ = nullptr; }
  // Wipes the password: nobody needs it once the decision has ended.
  void DropPassword() { request_->password.reset(); }

 private:
  AnswerResult Call(Answer& functor, const ovpn::Verdict& answer);
  void DenyIfOwed() noexcept;

  ovpn::DecisionId id_;
  std::unique_ptr<ovpn::AuthRequest> request_;  // on the heap: a Decision moves several times
  std::shared_ptr<const EngineOptions> options_;
  Answer answer_;
};

}  // namespace ovpnbroker::policy
