// The texts of enums: they are in logs, metrics and records, so a change of one breaks readers.
#include <gtest/gtest.h>

#include "ovpn/types/auth_request.h"
#include "ovpn/types/session.h"
#include "ovpn/types/verdict.h"

namespace ovpnbroker::ovpn {
namespace {

TEST(VerdictName, EachAlternative_HasItsName) {
  EXPECT_EQ(VerdictName(Allow{}), "ALLOW");
  EXPECT_EQ(VerdictName(Deny{}), "DENY");
  EXPECT_EQ(VerdictName(Abstain{}), "ABSTAIN");
  EXPECT_EQ(VerdictName(Failure{}), "FAILURE");
}

TEST(ToString, FailureCauses_AreUpperSnake) {
  EXPECT_EQ(ToString(FailureCause::kPolicyFailed), "POLICY_FAILED");
  EXPECT_EQ(ToString(FailureCause::kTimeout), "TIMEOUT");
  EXPECT_EQ(ToString(FailureCause::kUnavailable), "UNAVAILABLE");
  EXPECT_EQ(ToString(FailureCause::kOverloaded), "OVERLOADED");
  EXPECT_EQ(ToString(FailureCause::kInvalidVerdict), "INVALID_VERDICT");
  EXPECT_EQ(ToString(FailureCause::kShutdown), "SHUTDOWN");
}

TEST(ToString, SessionStates_AreUpperSnake) {
  EXPECT_EQ(ToString(SessionState::kPending), "PENDING");
  EXPECT_EQ(ToString(SessionState::kAuthorized), "AUTHORIZED");
  EXPECT_EQ(ToString(SessionState::kEstablished), "ESTABLISHED");
  EXPECT_EQ(ToString(SessionState::kEnding), "ENDING");
  EXPECT_EQ(ToString(SessionState::kEnded), "ENDED");
  EXPECT_EQ(ToString(SessionState::kUnjudged), "UNJUDGED");
}

TEST(ToString, AuthKinds_AreOpenvpnsNames) {
  EXPECT_EQ(ToString(AuthKind::kConnect), "CONNECT");
  EXPECT_EQ(ToString(AuthKind::kReauth), "REAUTH");
}

}  // namespace
}  // namespace ovpnbroker::ovpn
