#include "policy/decision.h"

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <type_traits>

#include "policy/failure_rules.h"
#include "tests/support/auth_request_builder.h"

namespace ovpnbroker::policy {
namespace {

static_assert(!std::is_copy_constructible_v<Decision>);
static_assert(std::is_nothrow_move_constructible_v<Decision>);

class DecisionTest : public testing::Test {
 protected:
  Decision Make() {
    return Decision("d1", test::MakeAuthRequest(test::Key(4, 1)),
                    std::make_shared<const EngineOptions>(), [this](const ovpn::Verdict& answer) {
                      answers_.push_back(answer);
                      return result_;
                    });
  }
  ovpn::Verdict ShutdownDeny() const {
    return RetryDeny(ovpn::FailureCause::kShutdown, FailureOptions{});
  }

  AnswerResult result_ = AnswerResult::Queued();
  std::vector<ovpn::Verdict> answers_;
};

TEST_F(DecisionTest, DestroyedUnanswered_Denies) {
  {
    const Decision decision = Make();
  }
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_EQ(answers_[0], ShutdownDeny());
}

TEST_F(DecisionTest, LostToAnException_Denies) {
  const auto lose = [this] {
    const Decision decision = Make();
    throw std::runtime_error("lost");
  };
  EXPECT_THROW(lose(), std::runtime_error);
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_EQ(answers_[0], ShutdownDeny());
}

TEST_F(DecisionTest, MovedFrom_OwesNothing) {
  {
    Decision decision = Make();
    const Decision taken = std::move(decision);
    EXPECT_FALSE(decision.owed());  // NOLINT(bugprone-use-after-move): that is the question
    EXPECT_TRUE(taken.owed());
    EXPECT_TRUE(answers_.empty());
  }
  EXPECT_EQ(answers_.size(), 1U);
}

TEST_F(DecisionTest, AssignedOver_PaysItsOwnDebtFirst) {
  Decision decision = Make();
  decision = Make();
  EXPECT_EQ(answers_.size(), 1U);
  EXPECT_TRUE(decision.owed());
}

TEST_F(DecisionTest, Settled_IsAnsweredOnce) {
  {
    Decision decision = Make();
    EXPECT_EQ(decision.Settle(ovpn::Allow{}).status, AnswerResult::Status::kQueued);
    EXPECT_FALSE(decision.owed());
  }
  EXPECT_EQ(answers_, std::vector<ovpn::Verdict>{ovpn::Allow{}});
}

TEST_F(DecisionTest, Waived_SaysNothing) {
  {
    Make().Waive();
  }
  EXPECT_TRUE(answers_.empty());
}

TEST_F(DecisionTest, RejectedAnswer_IsStillOwed) {
  result_ = AnswerResult::Rejected({{"allow.config.dns[0]", "bad"}});
  {
    Decision decision = Make();
    EXPECT_EQ(decision.Settle(ovpn::Allow{}).violations, result_.violations);
    EXPECT_TRUE(decision.owed());
    result_ = AnswerResult::Queued();
  }
  ASSERT_EQ(answers_.size(), 2U);
  EXPECT_EQ(answers_[1], ShutdownDeny());
}

TEST_F(DecisionTest, ThrowingAnswer_CountsAsRejected) {
  int calls = 0;
  {
    Decision decision("d1", test::MakeAuthRequest(test::Key(4, 1)),
                      std::make_shared<const EngineOptions>(),
                      [&calls](const ovpn::Verdict&) -> AnswerResult {
                        if (++calls == 1) throw std::runtime_error("broken");
                        return AnswerResult::Queued();
                      });
    EXPECT_EQ(decision.Settle(ovpn::Allow{}).status, AnswerResult::Status::kRejected);
  }
  EXPECT_EQ(calls, 2);
}

TEST_F(DecisionTest, WhileTheAnswerIsGiven_NothingIsOwed) {
  std::optional<Decision> decision;
  bool owed_inside = true;
  decision.emplace("d1", test::MakeAuthRequest(test::Key(4, 1)),
                   std::make_shared<const EngineOptions>(), [&](const ovpn::Verdict&) {
                     owed_inside = decision->owed();
                     return AnswerResult::Queued();
                   });
  decision->Settle(ovpn::Deny{});
  EXPECT_FALSE(owed_inside);
}

}  // namespace
}  // namespace ovpnbroker::policy
