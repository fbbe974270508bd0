// What a policy says about a client that is only described, and what comes when it says nothing.
#include "server/evaluation_desk.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/support/auth_request_builder.h"
#include "tests/support/fake_policy.h"
#include "tests/support/loop_runner.h"

namespace ovpnbroker::server {
namespace {

class EvaluationDeskTest : public testing::Test {
 protected:
  EvaluationDeskTest() { judge_->set_takes_dry_runs(true); }

  void Ask(ovpn::Duration timeout = std::chrono::minutes(1)) {
    desk_.Ask({.policy = judge_,
               .request = test::MakeAuthRequest(test::Key(0, 1)),
               .allowed_raw = *ovpn::DirectivePolicy::Make({}),
               .timeout = timeout},
              [this](absl::StatusOr<Evaluation> answer) { answers_.push_back(std::move(answer)); });
  }

  const Evaluation& Answer(size_t index = 0) { return *answers_.at(index); }
  ovpn::FailureCause Cause() { return std::get<ovpn::Failure>(Answer().reply.verdict).cause; }

  asio::io_context loop_;
  ovpn::SystemClock clock_;
  std::shared_ptr<test::FakePolicy> judge_ = std::make_shared<test::FakePolicy>("staff");
  std::vector<absl::StatusOr<Evaluation>> answers_;
  EvaluationDesk desk_{loop_, clock_};
};

TEST_F(EvaluationDeskTest, Allow_IsShownAsTheLinesThatWouldBeWritten) {
  Ask();
  ASSERT_TRUE(judge_->asked().at(0).dry_run);
  ovpn::Allow allow;
  allow.config.push_options = {"ping 10"};
  judge_->Reply(0, allow);
  EXPECT_EQ(Answer().policy, "staff");
  EXPECT_EQ(Answer().lines, std::vector<std::string>{"push \"ping 10\""});
}

TEST_F(EvaluationDeskTest, AllowThatCannotBeWritten_NamesTheField) {
  Ask();
  ovpn::Allow allow;
  allow.config.push_options = {"ping 10\nEND"};
  judge_->Reply(0, allow);
  ASSERT_FALSE(Answer().violations.empty());
  EXPECT_TRUE(Answer().lines.empty());
}

TEST_F(EvaluationDeskTest, PolicyWithoutDryRuns_IsNotAsked) {
  judge_->set_takes_dry_runs(false);
  Ask();
  EXPECT_TRUE(absl::IsFailedPrecondition(answers_.at(0).status()));
  EXPECT_TRUE(judge_->asked().empty());
}

TEST_F(EvaluationDeskTest, NobodyReady_IsWhatAClientWouldGet) {
  judge_->set_ready(false);
  Ask();
  EXPECT_EQ(Cause(), ovpn::FailureCause::kUnavailable);
  EXPECT_TRUE(judge_->asked().empty());
}

TEST_F(EvaluationDeskTest, NoVerdictInTime_IsCancelledAndTold) {
  Ask(std::chrono::milliseconds(1));
  ASSERT_TRUE(test::RunUntil(loop_, [this] { return !answers_.empty(); }));
  EXPECT_EQ(Cause(), ovpn::FailureCause::kTimeout);
  ASSERT_EQ(judge_->cancelled().size(), 1u);
  EXPECT_EQ(judge_->cancelled()[0].reason, policy::CancelReason::kTimedOut);
  judge_->Reply(0, ovpn::Allow());
  EXPECT_EQ(answers_.size(), 1u);
}

TEST_F(EvaluationDeskTest, FurtherStep_EndsTheQuestion) {
  Ask();
  judge_->Reply(0, ovpn::PendingAuth());
  EXPECT_TRUE(std::holds_alternative<ovpn::PendingAuth>(Answer().reply.verdict));
  ASSERT_EQ(judge_->cancelled().size(), 1u);
  EXPECT_EQ(judge_->cancelled()[0].reason, policy::CancelReason::kClientGone);
}

TEST_F(EvaluationDeskTest, ReplyFromInsideAsk_IsTold) {
  judge_->OnAsk([](const policy::Inquiry& /*inquiry*/, const policy::Policy::ReplyCallback& reply) {
    reply({ovpn::Deny{.reason = "closed"}, "", "", {}});
  });
  Ask();
  EXPECT_EQ(std::get<ovpn::Deny>(Answer().reply.verdict).reason, "closed");
}

TEST_F(EvaluationDeskTest, TooManyAtOnce_IsRefused) {
  for (size_t i = 0; i < EvaluationDesk::kMaxOpen; ++i) Ask();
  EXPECT_TRUE(answers_.empty());
  Ask();
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_TRUE(absl::IsResourceExhausted(answers_[0].status()));
  judge_->Reply(0, ovpn::Deny());
  Ask();
  EXPECT_EQ(judge_->asked().size(), EvaluationDesk::kMaxOpen + 1);
}

}  // namespace
}  // namespace ovpnbroker::server
