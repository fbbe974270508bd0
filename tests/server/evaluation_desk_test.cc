// What a policy says about a client that is only described, and what comes when it says nothing.
#include "server/evaluation_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/auth_request_builder.h"
#include "tests/support/fake_policy.h"
#include "tests/support/loop_runner.h"

namespace ovpnbroker::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class EvaluationDeskTest : public testing::Test {
 protected:
  EvaluationDeskTest() { judge_->set_takes_dry_runs(true); }

  void Ask(ovpn::Duration timeout = std::chrono::minutes(1)) {
    desk_.Ask({.policy = judge_,
               .request = test::MakeAuthRequest(test::Key(0, 0), ovpn::AuthKind::kConnect, client_),
               .allowed_raw = *ovpn::DirectivePolicy::Make({}),
               .time_for_steps = time_for_steps_,
               .timeout = timeout},
              [this](absl::StatusOr<Evaluation> answer) { answers_.push_back(std::move(answer)); });
  }

  // The fields that are wrong with `verdict` for the described client.
  std::vector<std::string> WrongFields(ovpn::Verdict verdict) {
    Ask();
    judge_->Reply(judge_->asked().size() - 1, std::move(verdict));
    std::vector<std::string> fields;
    for (const ovpn::FieldViolation& violation : answers_.back()->violations) {
      fields.push_back(violation.field);
    }
    return fields;
  }

  const Evaluation& Answer(size_t index = 0) { return *answers_.at(index); }
  ovpn::FailureCause Cause() { return std::get<ovpn::Failure>(Answer().reply.verdict).cause; }

  asio::io_context loop_;
  ovpn::SystemClock clock_;
  std::shared_ptr<test::FakePolicy> judge_ = std::make_shared<test::FakePolicy>("staff");
  ovpn::ClientIdentity client_;
  std::chrono::seconds time_for_steps_{60};
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
  judge_->Reply(0, ovpn::PendingAuth{.text = "Your code?"});
  EXPECT_TRUE(std::holds_alternative<ovpn::PendingAuth>(Answer().reply.verdict));
  ASSERT_EQ(judge_->cancelled().size(), 1u);
  EXPECT_EQ(judge_->cancelled()[0].reason, policy::CancelReason::kClientGone);
}

TEST_F(EvaluationDeskTest, StepThatTheClientCannotTake_NamesTheField) {
  const ovpn::PendingAuth question{.text = "Your code?"};
  const ovpn::PendingAuth page{.method = ovpn::PendingAuth::Method::kWebAuth,
                               .text = "https://sso.example.com/7"};
  EXPECT_THAT(WrongFields(question), ElementsAre("pending_auth.challenge_text"));
  EXPECT_THAT(WrongFields(page), ElementsAre("pending_auth.web_auth_url"));
  client_.sso_methods = "openurl,crtext";
  EXPECT_THAT(WrongFields(question), IsEmpty());
  EXPECT_THAT(WrongFields(page), IsEmpty());
}

TEST_F(EvaluationDeskTest, StepThatNoClientCouldTake_NamesEachField) {
  client_.sso_methods = "webauth,crtext";
  EXPECT_THAT(WrongFields(ovpn::PendingAuth{.method = ovpn::PendingAuth::Method::kWebAuth,
                                            .text = "sso.example.com/7",
                                            .flags = {"popup"}}),
              ElementsAre("pending_auth.flags", "pending_auth.web_auth_url"));
  EXPECT_THAT(WrongFields(ovpn::PendingAuth{.text = std::string(300, 'x')}),
              ElementsAre("pending_auth.challenge_text"));
}

TEST_F(EvaluationDeskTest, InstanceThatGrantsNoTimeForSteps_IsWhatAClientWouldMeet) {
  client_.sso_methods = "crtext";
  time_for_steps_ = std::chrono::seconds(-1);
  EXPECT_THAT(WrongFields(ovpn::PendingAuth{.text = "Your code?"}),
              ElementsAre("pending_auth.timeout"));
}

TEST_F(EvaluationDeskTest, DenyThatCannotBeWritten_NamesTheField) {
  EXPECT_THAT(WrongFields(ovpn::Deny{.reason = "closed", .client_reason = "ask us"}), IsEmpty());
  EXPECT_THAT(WrongFields(ovpn::Deny{.client_reason = "TEMP: later"}),
              ElementsAre("deny.client_reason"));
}

// A dynamic challenge repeats the client's name to it.
TEST_F(EvaluationDeskTest, DynamicChallenge_IsCheckedWithTheClientsName) {
  const ovpn::Deny deny{.challenge = ovpn::DynamicChallenge{.state_id = "7", .text = "Code?"}};
  client_.username = "alice";
  EXPECT_THAT(WrongFields(deny), IsEmpty());
  client_.username = std::string(250, 'a');
  EXPECT_THAT(WrongFields(deny), ElementsAre("deny.challenge.text"));
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
