// What a recording is given: everything that can be judged again, and no secret.
#include "server/recording_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/support/auth_request_builder.h"

namespace ovpnbroker::server {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

class RecordingDeskTest : public testing::Test {
 protected:
  void Listen(const std::string& instance) {
    listener_ = desk_.AddListener(instance,
                                  [this](const auto& decision) { recorded_.push_back(*decision); });
  }
  void Judge(const ovpn::Verdict& verdict, int steps = 0,
             ovpn::AuthKind kind = ovpn::AuthKind::kConnect) {
    ovpn::AuthRequest request = test::MakeAuthRequest(test::Key(0, 1));
    request.kind = kind;
    request.challenge_response = ovpn::Secret("123456");
    desk_.OnJudged({"d1", request, "staff", "r7", verdict, std::chrono::milliseconds(3), steps});
  }

  RecordingDesk desk_;
  uint64_t listener_ = 0;
  std::vector<admin::v1::RecordedDecision> recorded_;
};

TEST_F(RecordingDeskTest, Decision_IsGivenWithoutSecrets) {
  Listen("");
  ovpn::Allow allow;
  allow.config.push_options = {"setenv PROXY_PASSWORD geheim", "ping 10"};
  Judge(allow);
  ASSERT_THAT(recorded_, SizeIs(1));
  EXPECT_EQ(recorded_[0].request().decision_id(), "d1");
  EXPECT_EQ(recorded_[0].decision().policy_revision(), "r7");
  EXPECT_EQ(recorded_[0].decision().allow().config().push_options(0), "setenv [hidden]");
  EXPECT_EQ(recorded_[0].decision().allow().config().push_options(1), "ping 10");
  EXPECT_EQ(recorded_[0].policy(), "staff");
  for (const char* secret : {"hunter2", "123456", "geheim"}) {
    EXPECT_THAT(recorded_[0].SerializeAsString(), Not(HasSubstr(secret)));
  }
}

TEST_F(RecordingDeskTest, WhatCannotBeJudgedAgain_IsLeftOut) {
  Listen("");
  Judge(ovpn::Failure());
  Judge(ovpn::Allow(), /*steps=*/1);
  Judge(ovpn::Allow(), 0, ovpn::AuthKind::kChallengeResponse);
  EXPECT_THAT(recorded_, SizeIs(0));
  Judge(ovpn::Deny(), 0, ovpn::AuthKind::kReauth);
  EXPECT_THAT(recorded_, SizeIs(1));
}

TEST_F(RecordingDeskTest, OtherInstance_IsNotGiven) {
  Listen("elsewhere");
  Judge(ovpn::Allow());
  EXPECT_THAT(recorded_, SizeIs(0));
}

TEST_F(RecordingDeskTest, Removed_HearsNothing) {
  Listen("");
  desk_.RemoveListener(listener_);
  Judge(ovpn::Allow());
  EXPECT_THAT(recorded_, SizeIs(0));
}

}  // namespace
}  // namespace ovpnbroker::server
