// The engine asks admission before an allow becomes an answer, and tells what came of it.
#include "policy/admission.h"
#include "tests/policy/engine_fixture.h"
#include "tests/policy/pool_options.h"
#include "tests/support/recording_logger.h"

namespace ovpnbroker::policy {
namespace {

class EngineAdmissionTest : public EngineTest {
 protected:
  EngineAdmissionTest() { engine_->SetAdmission(&admission_); }
  ~EngineAdmissionTest() override { engine_.reset(); }

  static ovpn::Verdict AllowFrom(const std::string& pool) {
    ovpn::Allow allow;
    allow.config.address_pool = pool;
    return allow;
  }

  test::RecordingLogger logger_;
  Admission admission_{clock_, logger_, {test::Pool("staff", "10.8.0.10")}, nullptr};
};

TEST_F(EngineAdmissionTest, PoolOfAnAllow_IsAnsweredAsAnAddress) {
  Submit(Key(1, 1));
  policy_->Reply(0, AllowFrom("staff"));
  const auto& allow = std::get<ovpn::Allow>(OnlyAnswer());
  EXPECT_EQ(allow.config.ifconfig_push->local.ToString(), "10.8.0.10");
}

TEST_F(EngineAdmissionTest, EmptyPool_DeniesAndTellsPolicyAndRecord) {
  Submit(Key(1, 1));
  policy_->Reply(0, AllowFrom("staff"));
  Submit(Key(2, 1));
  policy_->Reply(1, AllowFrom("staff"));
  EXPECT_EQ(std::get<ovpn::Deny>(answered_.at(1).answer).client_reason, "no free address");
  EXPECT_EQ(Total(DecisionResult::kAllowed), 1U);
  EXPECT_EQ(Total(DecisionResult::kDenied), 1U);
  EXPECT_EQ(engine_->Stats().admission_denied, 1U);
  engine_->OnAnswerOutcome(Key(2, 1), OutcomeResult::kWritten, "");
  EXPECT_EQ(keeper_.records.back().basis, AnswerBasis::kAdmission);
  EXPECT_EQ(keeper_.records.back().result, DecisionResult::kDenied);
  EXPECT_EQ(keeper_.records.back().code, "ADDRESS_POOL_EXHAUSTED");
}

TEST_F(EngineAdmissionTest, UnknownPool_IsAnInvalidVerdict) {
  Submit(Key(1, 1));
  policy_->Reply(0, AllowFrom("nowhere"));
  EXPECT_TRUE(IsRetryDeny(OnlyAnswer(), ovpn::FailureCause::kInvalidVerdict));
}

TEST_F(EngineAdmissionTest, AnswerThatReachesNobody_HoldsNothing) {
  answer_hook_ = [](const ovpn::KeyRef&, const ovpn::Verdict&) { return AnswerResult::Gone(); };
  Submit(Key(1, 1));
  policy_->Reply(0, AllowFrom("staff"));
  EXPECT_EQ(admission_.pools().Find("staff")->Stats().held, 0U);
}

}  // namespace
}  // namespace ovpnbroker::policy
