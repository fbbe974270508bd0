// PolicyAdminService: policies as they are shown, replicas drained, and dry runs.
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "ovpnbroker/admin/v1/policy_admin_service.grpc.pb.h"
#include "tests/server/admin/error_of.h"
#include "tests/server/admin_fixture.h"
#include "tests/support/loop_runner.h"

namespace ovpnbroker::server {
namespace {

namespace v1 = admin::v1;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Evaluated = v1::EvaluateDecisionResponse;

class PolicyAdminServiceTest : public testing::Test {
 protected:
  PolicyAdminServiceTest()
      : policies_(v1::PolicyAdminService::NewStub(grpc::CreateChannel(
            "unix:" + fixture_.socket(), grpc::InsecureChannelCredentials()))) {}

  static std::unique_ptr<grpc::ClientContext> Context() {
    auto context = std::make_unique<grpc::ClientContext>();
    context->set_deadline(std::chrono::system_clock::now() + test::kFailSafe);
    return context;
  }
  grpc::Status Drain(const std::string& address, bool force) {
    v1::DrainPolicyReplicaRequest request;
    request.set_policy("staff");
    request.set_address(address);
    request.set_force(force);
    v1::DrainPolicyReplicaResponse response;
    return policies_->DrainPolicyReplica(Context().get(), request, &response);
  }
  grpc::Status Evaluate(const v1::EvaluateDecisionRequest& request) {
    evaluated_.Clear();
    return policies_->EvaluateDecision(Context().get(), request, &evaluated_);
  }
  // What is shown of this verdict.
  Evaluated Shown(ovpn::Verdict verdict, std::vector<std::string> lines = {},
                  std::vector<ovpn::FieldViolation> violations = {}) {
    fixture_.OnLoop([&](FakeBrokerControl& broker) {
      broker.evaluation = Evaluation{
          "staff", {std::move(verdict), "r7", "", {{"group", "it\xff"}}}, lines, violations};
    });
    EXPECT_TRUE(Evaluate(Client()).ok());
    return evaluated_;
  }
  static v1::EvaluateDecisionRequest Client() {
    v1::EvaluateDecisionRequest request;
    request.set_instance("office");
    return request;
  }
  AdminFixture fixture_;
  std::unique_ptr<v1::PolicyAdminService::Stub> policies_;
  Evaluated evaluated_;
};

TEST_F(PolicyAdminServiceTest, GetPolicy_ShowsItsReplicas) {
  v1::GetPolicyRequest request;
  request.set_name("staff");
  v1::GetPolicyResponse response;
  ASSERT_TRUE(policies_->GetPolicy(Context().get(), request, &response).ok());
  EXPECT_TRUE(response.policy().ready());
  ASSERT_EQ(response.policy().replicas_size(), 1);
  EXPECT_EQ(response.policy().replicas(0).address(), "unix:/run/policy.sock");
  EXPECT_EQ(response.policy().replicas(0).state(), v1::PolicyReplica::STATE_READY);
}

TEST_F(PolicyAdminServiceTest, LastReplica_IsDrainedByForceOnly) {
  fixture_.OnLoop([](FakeBrokerControl& broker) {
    broker.drain_answer = absl::FailedPreconditionError("no other replica is READY");
  });
  const grpc::Status status = Drain("unix:/run/policy.sock", /*force=*/false);
  EXPECT_EQ(test::ReasonOf(status), "LAST_REPLICA");
  EXPECT_EQ(test::DetailOf<google::rpc::PreconditionFailure>(status)->violations(0).subject(),
            "policies/staff/replicas/unix:/run/policy.sock");
  EXPECT_TRUE(Drain("unix:/run/policy.sock", /*force=*/true).ok());
  fixture_.OnLoop([](FakeBrokerControl& broker) {
    EXPECT_THAT(broker.drained_replicas, ElementsAre("unix:/run/policy.sock"));
  });
}

TEST_F(PolicyAdminServiceTest, ReplicaOfRules_IsRefused) {
  fixture_.OnLoop([](FakeBrokerControl& broker) {
    broker.drain_answer = absl::InvalidArgumentError("staff is not remote");
  });
  EXPECT_EQ(test::ReasonOf(Drain("unix:/a", /*force=*/false)), "POLICY_NOT_REMOTE");
}

TEST_F(PolicyAdminServiceTest, Evaluate_ShowsEachVerdict) {
  ovpn::Allow allow;
  allow.config.address_pool = "staff";
  const Evaluated allowed = Shown(allow, {"push \"route 10.0.0.0\""});
  EXPECT_EQ(allowed.result(), Evaluated::RESULT_ALLOW);
  EXPECT_EQ(allowed.policy(), "staff");
  EXPECT_EQ(allowed.revision(), "r7");
  EXPECT_EQ(allowed.address_pool(), "staff");
  EXPECT_THAT(allowed.lines(), ElementsAre("push \"route 10.0.0.0\""));
  EXPECT_EQ(allowed.annotations().at("group"), "it\xEF\xBF\xBD");

  const Evaluated denied = Shown(ovpn::Deny{"not on the list", "ask the help desk", "", {}, {}});
  EXPECT_EQ(denied.result(), Evaluated::RESULT_DENY);
  EXPECT_EQ(denied.detail(), "not on the list");
  EXPECT_EQ(denied.client_reason(), "ask the help desk");

  EXPECT_EQ(Shown(ovpn::Abstain{}).result(), Evaluated::RESULT_ABSTAIN);
  EXPECT_EQ(Shown(ovpn::PendingAuth{}).result(), Evaluated::RESULT_PENDING);
  const Evaluated failed = Shown(ovpn::Failure{ovpn::FailureCause::kTimeout, "no answer", {}});
  EXPECT_EQ(failed.result(), Evaluated::RESULT_FAILURE);
  EXPECT_EQ(failed.detail(), "TIMEOUT: no answer");
}

TEST_F(PolicyAdminServiceTest, Evaluate_ShowsTheFurtherStep) {
  const Evaluated page = Shown(ovpn::PendingAuth{.method = ovpn::PendingAuth::Method::kWebAuth,
                                                 .text = "https://sso.example.com/7",
                                                 .flags = {"external"},
                                                 .timeout = std::chrono::seconds(90)});
  EXPECT_EQ(page.further_step().method(), v1::FurtherStep::METHOD_WEB_AUTH);
  EXPECT_EQ(page.further_step().text(), "https://sso.example.com/7");
  EXPECT_THAT(page.further_step().flags(), ElementsAre("external"));
  EXPECT_EQ(page.further_step().timeout().seconds(), 90);

  const Evaluated question = Shown(ovpn::PendingAuth{.text = "Your code", .echo = true});
  EXPECT_EQ(question.further_step().method(), v1::FurtherStep::METHOD_CHALLENGE_TEXT);
  EXPECT_EQ(question.further_step().text(), "Your code");
  EXPECT_TRUE(question.further_step().echo());
  EXPECT_FALSE(question.further_step().has_timeout());
}

TEST_F(PolicyAdminServiceTest, Evaluate_ShowsWhatFollowsADeny) {
  const Evaluated temporary =
      Shown(ovpn::Deny{.retry = ovpn::RetryHint{std::chrono::seconds(42), true}});
  EXPECT_EQ(temporary.result(), Evaluated::RESULT_DENY);
  EXPECT_EQ(temporary.retry().backoff().seconds(), 42);
  EXPECT_TRUE(temporary.retry().advance());
  EXPECT_FALSE(temporary.has_further_step());

  const Evaluated asked = Shown(ovpn::Deny{
      .challenge = ovpn::DynamicChallenge{"d1", "Your code", true, /*response_required=*/false}});
  EXPECT_EQ(asked.further_step().method(), v1::FurtherStep::METHOD_DYNAMIC_CHALLENGE);
  EXPECT_EQ(asked.further_step().text(), "Your code");
  EXPECT_TRUE(asked.further_step().echo());
  EXPECT_TRUE(asked.further_step().response_optional());
  EXPECT_FALSE(asked.has_retry());
}

// OpenVPN would misread it, so nobody would get in by it.
TEST_F(PolicyAdminServiceTest, AllowThatCannotBeWritten_IsAFailure) {
  const Evaluated evaluated =
      Shown(ovpn::Allow{}, {},
            {{"allow.config.routes[0]", "no route"}, {"allow.config.routes[3]", "another"}});
  EXPECT_EQ(evaluated.result(), Evaluated::RESULT_FAILURE);
  EXPECT_EQ(evaluated.detail(),
            "allow.config.routes[0]: no route; allow.config.routes[3]: another");
  EXPECT_THAT(evaluated.lines(), IsEmpty());
}

TEST_F(PolicyAdminServiceTest, StepThatTheClientCannotTake_IsAFailureWithoutAStep) {
  const Evaluated evaluated = Shown(ovpn::PendingAuth{.text = "Your code?"}, {},
                                    {{"pending_auth.challenge_text", "no crtext"}});
  EXPECT_EQ(evaluated.result(), Evaluated::RESULT_FAILURE);
  EXPECT_EQ(evaluated.detail(), "pending_auth.challenge_text: no crtext");
  EXPECT_FALSE(evaluated.has_further_step());
}

TEST_F(PolicyAdminServiceTest, DenyThatCannotBeWritten_IsAFailure) {
  const Evaluated evaluated = Shown(ovpn::Deny{.reason = "closed", .client_reason = "TEMP"}, {},
                                    {{"deny.client_reason", "begins with TEMP"}});
  EXPECT_EQ(evaluated.result(), Evaluated::RESULT_FAILURE);
  EXPECT_EQ(evaluated.detail(), "deny.client_reason: begins with TEMP");
  EXPECT_EQ(evaluated.client_reason(), "");
}

TEST_F(PolicyAdminServiceTest, Evaluate_TellsWhyThePasswordDidNotCount) {
  v1::EvaluateDecisionRequest request = Client();
  request.set_username("alice");
  const auto access = [&](policy::PasswordAccess seen) {
    fixture_.OnLoop([&](FakeBrokerControl& broker) {
      broker.evaluation = Evaluation{"staff", {ovpn::Allow{}, "", "", {}, seen}};
    });
    EXPECT_TRUE(Evaluate(request).ok());
    return evaluated_.password_access();
  };
  // Without one there is nothing to tell.
  EXPECT_EQ(access(policy::PasswordAccess::kNotGranted), Evaluated::PASSWORD_ACCESS_UNSPECIFIED);
  request.set_password("geheim");
  EXPECT_EQ(access(policy::PasswordAccess::kUnknown), Evaluated::PASSWORD_ACCESS_UNSPECIFIED);
  EXPECT_EQ(access(policy::PasswordAccess::kShown), Evaluated::PASSWORD_ACCESS_SHOWN);
  EXPECT_EQ(access(policy::PasswordAccess::kNotGranted), Evaluated::PASSWORD_ACCESS_NOT_GRANTED);
  EXPECT_EQ(access(policy::PasswordAccess::kNotRequested),
            Evaluated::PASSWORD_ACCESS_NOT_REQUESTED);
  EXPECT_EQ(access(policy::PasswordAccess::kShadow), Evaluated::PASSWORD_ACCESS_SHADOW);
  EXPECT_EQ(access(policy::PasswordAccess::kRules), Evaluated::PASSWORD_ACCESS_RULES);
}

TEST_F(PolicyAdminServiceTest, Evaluate_DescribesTheClientAsOpenvpnWould) {
  v1::EvaluateDecisionRequest request = Client();
  request.set_common_name("alice");
  request.set_username("al");
  request.set_real_address("2001:db8::7");
  request.set_reauth(true);
  (*request.mutable_environment())["IV_PLAT"] = "linux";
  (*request.mutable_environment())["username"] = "overridden";
  int asked = 0;
  fixture_.OnLoop([&asked](FakeBrokerControl& broker) {
    broker.on_evaluate = [&asked](const ovpn::AuthRequest& seen) {
      ++asked;
      EXPECT_EQ(seen.kind, ovpn::AuthKind::kReauth);
      EXPECT_EQ(seen.key.client.instance, "office");
      EXPECT_EQ(seen.session.identity->common_name, "alice");
      EXPECT_EQ(seen.session.identity->username, "overridden");
      EXPECT_EQ(seen.session.identity->platform, "linux");
      EXPECT_EQ(seen.session.identity->real_address, "[2001:db8::7]:0");
      EXPECT_FALSE(seen.password.has_value());
    };
  });
  Evaluate(request);
  EXPECT_EQ(asked, 1);
}

TEST_F(PolicyAdminServiceTest, Evaluate_HandsOnThePassword) {
  v1::EvaluateDecisionRequest request = Client();
  request.set_username("alice");
  request.set_password("geheim");
  int asked = 0;
  fixture_.OnLoop([&asked](FakeBrokerControl& broker) {
    broker.on_evaluate = [&asked](const ovpn::AuthRequest& seen) {
      ++asked;
      ASSERT_TRUE(seen.password.has_value());
      EXPECT_EQ(seen.password->Reveal(), "geheim");
    };
  });
  Evaluate(request);
  EXPECT_EQ(asked, 1);
  request.set_password(std::string(4097, 'x'));
  EXPECT_THAT(Evaluate(request).error_message(), HasSubstr("password: at most 4096 bytes"));
  request.set_password("geheim");
  request.clear_username();
  EXPECT_THAT(Evaluate(request).error_message(), HasSubstr("username: must be set"));
}

TEST_F(PolicyAdminServiceTest, Evaluate_LimitsWhatAClientMayBe) {
  v1::EvaluateDecisionRequest request = Client();
  for (int i = 0; i < 65; ++i) (*request.mutable_environment())[absl::StrCat("v", i)] = "";
  EXPECT_EQ(test::ReasonOf(Evaluate(request)), "CLIENT_INVALID");
  request = Client();
  (*request.mutable_environment())["big"] = std::string(4096, 'x');
  const grpc::Status status = Evaluate(request);
  EXPECT_EQ(test::ReasonOf(status), "CLIENT_INVALID");
  EXPECT_THAT(status.error_message(), HasSubstr("environment: at most 64 variables"));
  request = Client();
  (*request.mutable_environment())[""] = "x";
  EXPECT_EQ(test::ReasonOf(Evaluate(request)), "CLIENT_INVALID");
  EXPECT_EQ(test::ReasonOf(Evaluate({})), "INSTANCE_MISSING");
}

}  // namespace
}  // namespace ovpnbroker::server
