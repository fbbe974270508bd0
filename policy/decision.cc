#include "policy/decision.h"

#include <exception>
#include <utility>

#include "policy/failure_rules.h"

namespace ovpnbroker::policy {

Decision::Decision(ovpn::DecisionId id, ovpn::AuthRequest&& request,
                   std::shared_ptr<const EngineOptions> options, Answer answer)
    : id_(std::move(id)),
      request_(std::make_unique<ovpn::AuthRequest>(std::move(request))),
      options_(std::move(options)),
      answer_(std::move(answer)) {}

Decision::~Decision() { DenyIfOwed(); }

Decision::Decision(Decision&& other) noexcept
    : id_(std::move(other.id_)),
      request_(std::move(other.request_)),
      options_(std::move(other.options_)),
      answer_(std::exchange(other.answer_, nullptr)) {}

Decision& Decision::operator=(Decision&& other) noexcept {
  if (this == &other) return *this;
  DenyIfOwed();
  id_ = std::move(other.id_);
  request_ = std::move(other.request_);
  options_ = std::move(other.options_);
  answer_ = std::exchange(other.answer_, nullptr);
  return *this;
}

AnswerResult Decision::Settle(const ovpn::Verdict& answer) {
  // The functor may call back into the owner of this; a second answer must find no debt.
  Answer functor = std::exchange(answer_, nullptr);
  AnswerResult result = Call(functor, answer);
  if (result.status == AnswerResult::Status::kRejected) answer_ = std::move(functor);
  return result;
}

AnswerResult Decision::PutStep(const ovpn::PendingAuth& step) {
  Answer functor = std::exchange(answer_, nullptr);
  AnswerResult result = Call(functor, step);
  answer_ = std::move(functor);
  return result;
}

void Decision::Continue(ovpn::AuthRequest response) {
  response.password = std::move(request_->password);
  *request_ = std::move(response);
}

AnswerResult Decision::Call(Answer& functor, const ovpn::Verdict& answer) {
  try {
    return functor(answer);
  } catch (const std::exception& error) {
    return AnswerResult::Rejected({{"", error.what()}});
  } catch (...) {
    return AnswerResult::Rejected({{"", "the answer could not be given"}});
  }
}

void Decision::DenyIfOwed() noexcept {
  if (!owed()) return;
  try {
    Settle(RetryDeny(ovpn::FailureCause::kShutdown, options_->failure));
  } catch (...) {
    // Out of memory while stacks unwind. OpenVPN holds an unanswered client back and drops it when
    // its hand-window ends, so the client stays out all the same.
    answer_ = nullptr;
  }
}

}  // namespace ovpnbroker::policy
