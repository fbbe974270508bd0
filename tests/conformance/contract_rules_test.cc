// Every rule of ovpn-policy-check: a good policy passes all, and for each rule there is a bad
// policy that it catches. Real gRPC over a unix socket; the policies are scripts on gRPC's threads.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/policy_check/dialogue.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::policy_check {
namespace {

namespace v1 = policy::v1;
using Stream = grpc::ServerReaderWriter<Response, Request>;

// What a policy does with one message; a status ends the stream.
using Script = std::function<std::optional<grpc::Status>(const Request&, Stream&)>;

constexpr std::chrono::milliseconds kHandshakeTimeout{1500};
constexpr std::chrono::milliseconds kDecisionTimeout{1500};

void Say(Stream& stream, const std::function<void(Response&)>& fill) {
  Response message;
  fill(message);
  stream.Write(message);
}

void Allow(Stream& stream, const std::string& id) {
  Say(stream, [&id](Response& message) {
    message.mutable_decision()->set_decision_id(id);
    message.mutable_decision()->mutable_allow();
  });
}

// Asks a question of clients that can answer one.
void Challenge(Stream& stream, const std::string& id) {
  Say(stream, [&id](Response& message) {
    message.mutable_decision()->set_decision_id(id);
    message.mutable_decision()->mutable_pending_auth()->set_challenge_text("Code?");
  });
}

bool IsResponse(const Request& request) {
  return request.decision_request().kind() == v1::DecisionRequest::KIND_CHALLENGE_RESPONSE;
}

// Each stream has one of gRPC's threads for its whole life.
thread_local bool may_challenge = false;

// Takes what is offered of `wanted`.
void Greet(const Request& request, Stream& stream, const std::vector<v1::Capability>& wanted) {
  may_challenge = false;
  Say(stream, [&](Response& message) {
    message.mutable_hello_ack();
    for (const int offered : request.hello().capabilities()) {
      for (const v1::Capability capability : wanted) {
        if (capability != offered) continue;
        message.mutable_hello_ack()->add_capabilities(capability);
        if (capability == v1::CAPABILITY_PENDING_AUTH) may_challenge = true;
      }
    }
  });
}

std::optional<grpc::Status> Good(const Request& request, Stream& stream) {
  if (request.has_hello()) {
    Greet(request, stream,
          {v1::CAPABILITY_PASSWORD, v1::CAPABILITY_SESSION_EVENTS, v1::CAPABILITY_PENDING_AUTH,
           v1::CAPABILITY_DRY_RUN});
  } else if (request.has_decision_request()) {
    const v1::DecisionRequest& question = request.decision_request();
    const auto& methods = question.pending_auth_methods();
    const bool can_answer = std::find(methods.begin(), methods.end(), "crtext") != methods.end();
    if (may_challenge && can_answer && !IsResponse(request)) {
      Challenge(stream, question.decision_id());
    } else {
      Allow(stream, question.decision_id());
    }
  } else if (request.has_heartbeat()) {
    Say(stream, [&](Response& message) { *message.mutable_heartbeat() = request.heartbeat(); });
  }
  return std::nullopt;
}

class Policy final : public v1::PolicyService::Service {
 public:
  explicit Policy(Script script) : script_(std::move(script)) {}

  grpc::Status StreamDecisions(grpc::ServerContext*, Stream* stream) override {
    Request request;
    while (stream->Read(&request)) {
      if (auto end = script_(request, *stream)) return *end;
    }
    return at_end;
  }

  grpc::Status at_end;

 private:
  Script script_;
};

class ContractRules : public testing::Test {
 protected:
  void Serve(Script script, const grpc::Status& at_end = grpc::Status::OK) {
    policy_ = std::make_unique<Policy>(std::move(script));
    policy_->at_end = at_end;
    const std::string address = absl::StrCat("unix:", directory_.File("policy.sock"));
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address, grpc::InsecureServerCredentials());
    builder.RegisterService(policy_.get());
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    target_.channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
    target_.handshake_timeout = kHandshakeTimeout;
    target_.decision_timeout = kDecisionTimeout;
  }
  void TearDown() override {
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
  }

  Outcome Check(int rule) { return Contract().at(static_cast<size_t>(rule) - 1).check(target_); }

  void ExpectCaught(int rule, Script script, const std::string& why,
                    const grpc::Status& at_end = grpc::Status::OK) {
    Serve(std::move(script), at_end);
    const Outcome outcome = Check(rule);
    EXPECT_EQ(outcome.kind, Outcome::Kind::kFailed) << "rule " << rule;
    EXPECT_NE(outcome.detail.find(why), std::string::npos) << outcome.detail;
  }

  test::TempDir directory_;
  std::unique_ptr<Policy> policy_;
  std::unique_ptr<grpc::Server> server_;
  Target target_;
};

// A good policy, but for what `bad` does; `bad` returns whether it took the message.
Script Except(const std::function<bool(const Request&, Stream&)>& bad) {
  return [bad](const Request& request, Stream& stream) {
    return bad(request, stream) ? std::nullopt : Good(request, stream);
  };
}

// A good policy that ends the stream on messages that `is_fatal` picks.
Script HangsUpOn(const std::function<bool(const Request&)>& is_fatal) {
  return [is_fatal](const Request& request, Stream& stream) -> std::optional<grpc::Status> {
    if (is_fatal(request)) return grpc::Status(grpc::StatusCode::INTERNAL, "what is this?");
    return Good(request, stream);
  };
}

TEST_F(ContractRules, Numbers_CountUpWithoutGaps) {
  int number = 0;
  for (const Rule& rule : Contract()) EXPECT_EQ(rule.number, ++number);
}

TEST_F(ContractRules, GoodPolicy_KeepsAll) {
  Serve(Good);
  for (const Rule& rule : Contract()) {
    const Outcome outcome = rule.check(target_);
    EXPECT_EQ(outcome.kind, Outcome::Kind::kPassed) << rule.number << ": " << outcome.detail;
  }
}

TEST_F(ContractRules, CapabilityOff_Skips) {
  Serve(Except([](const Request& request, Stream& stream) {
    if (request.has_hello()) Greet(request, stream, {});
    return request.has_hello();
  }));
  EXPECT_EQ(Check(10).kind, Outcome::Kind::kSkipped);
  for (const int rule : {20, 21, 22, 23}) EXPECT_EQ(Check(rule).kind, Outcome::Kind::kSkipped);
}

TEST_F(ContractRules, NoHelloAck_Caught) {
  ExpectCaught(1, Except([](const Request& request, Stream&) { return request.has_hello(); }),
               "silence");
}

TEST_F(ContractRules, SecondHelloAck_Caught) {
  ExpectCaught(2, Except([](const Request& request, Stream& stream) {
                 if (request.has_decision_request()) Greet(request, stream, {});
                 return false;
               }),
               "a second hello_ack");
}

TEST_F(ContractRules, CapabilityNotOffered_Caught) {
  ExpectCaught(3, Except([](const Request& request, Stream& stream) {
                 if (!request.has_hello()) return false;
                 Say(stream, [](Response& message) {
                   message.mutable_hello_ack()->add_capabilities(v1::CAPABILITY_PASSWORD);
                 });
                 return true;
               }),
               "nothing was offered");
}

TEST_F(ContractRules, UnaskedCommand_Caught) {
  ExpectCaught(3, Except([](const Request& request, Stream& stream) {
                 if (request.has_decision_request()) {
                   Say(stream,
                       [](Response& message) { message.mutable_command()->set_command_id("1"); });
                 }
                 return false;
               }),
               "without its capability");
}

TEST_F(ContractRules, ChallengeWithoutItsCapability_Caught) {
  ExpectCaught(3, Except([](const Request& request, Stream& stream) {
                 if (!request.has_decision_request()) return false;
                 Challenge(stream, request.decision_request().decision_id());
                 return true;
               }),
               "pending_auth came without its capability");
}

TEST_F(ContractRules, NegativeMaxInFlight_Caught) {
  ExpectCaught(4, Except([](const Request& request, Stream& stream) {
                 if (!request.has_hello()) return false;
                 Say(stream,
                     [](Response& message) { message.mutable_hello_ack()->set_max_in_flight(-1); });
                 return true;
               }),
               "max_in_flight is -1");
}

TEST_F(ContractRules, NoVerdict_Caught) {
  ExpectCaught(
      5, Except([](const Request& request, Stream& stream) {
        if (!request.has_decision_request()) return false;
        Say(stream, [&](Response& message) {
          message.mutable_decision()->set_decision_id(request.decision_request().decision_id());
        });
        return true;
      }),
      "has no verdict");
}

TEST_F(ContractRules, UnreadableField_CaughtWithItsPath) {
  ExpectCaught(6, Except([](const Request& request, Stream& stream) {
                 if (!request.has_decision_request()) return false;
                 Say(stream, [&](Response& message) {
                   auto& decision = *message.mutable_decision();
                   decision.set_decision_id(request.decision_request().decision_id());
                   decision.mutable_allow()->mutable_config()->add_routes()->set_destination("?");
                 });
                 return true;
               }),
               "allow.config.routes[0].destination");
}

TEST_F(ContractRules, StepWithoutMethod_CaughtWithItsPath) {
  ExpectCaught(
      6, Except([](const Request& request, Stream& stream) {
        if (!request.has_decision_request()) return false;
        Say(stream, [&](Response& message) {
          message.mutable_decision()->set_decision_id(request.decision_request().decision_id());
          message.mutable_decision()->mutable_pending_auth();
        });
        return true;
      }),
      "web_auth_url or challenge_text must be set");
}

TEST_F(ContractRules, ChangesItsMind_Caught) {
  ExpectCaught(
      7, Except([](const Request& request, Stream& stream) {
        if (request.decision_request().attempt() != 10) return false;
        Say(stream, [&](Response& message) {
          message.mutable_decision()->set_decision_id(request.decision_request().decision_id());
          message.mutable_decision()->mutable_deny();
        });
        return true;
      }),
      "attempt 10");
}

TEST_F(ContractRules, JudgesDryRunsOtherwise_Caught) {
  ExpectCaught(
      23, Except([](const Request& request, Stream& stream) {
        if (!request.decision_request().dry_run()) return false;
        Say(stream, [&](Response& message) {
          message.mutable_decision()->set_decision_id(request.decision_request().decision_id());
          message.mutable_decision()->mutable_abstain();
        });
        return true;
      }),
      "the dry run was answered");
}

TEST_F(ContractRules, LosesOneOfABurst_Caught) {
  ExpectCaught(8, Except([](const Request& request, Stream&) {
                 return request.decision_request().session().username() == "policy-check-77";
               }),
               "no verdict for");
}

TEST_F(ContractRules, IgnoresReauth_Caught) {
  ExpectCaught(9, Except([](const Request& request, Stream&) {
                 return request.decision_request().kind() == v1::DecisionRequest::KIND_REAUTH;
               }),
               "KIND_REAUTH");
}

TEST_F(ContractRules, RepeatsThePassword_Caught) {
  ExpectCaught(10, Except([](const Request& request, Stream& stream) {
                 if (!request.has_decision_request()) return false;
                 Say(stream, [&](Response& message) {
                   auto& decision = *message.mutable_decision();
                   decision.set_decision_id(request.decision_request().decision_id());
                   decision.mutable_deny()->set_reason(
                       "wrong: " + request.decision_request().credentials().password());
                 });
                 return true;
               }),
               "repeats the password");
}

TEST_F(ContractRules, NeedsThePassword_Caught) {
  ExpectCaught(11, HangsUpOn([](const Request& request) {
                 return request.has_decision_request() &&
                        !request.decision_request().has_credentials();
               }),
               "without credentials");
}

TEST_F(ContractRules, AnswersCancellation_Caught) {
  ExpectCaught(12, Except([](const Request& request, Stream& stream) {
                 if (!request.has_decision_cancellation()) return false;
                 Allow(stream, request.decision_cancellation().decision_id());
                 return true;
               }),
               "a cancellation was answered");
}

TEST_F(ContractRules, DiesOfAnOutcome_Caught) {
  ExpectCaught(13, HangsUpOn([](const Request& request) {
                 return request.decision_outcome().result() == v1::DecisionOutcome::RESULT_REJECTED;
               }),
               "what is this?");
}

TEST_F(ContractRules, DiesOfAnUnknownMessage_Caught) {
  ExpectCaught(14, HangsUpOn([](const Request& request) {
                 return request.message_case() == Request::MESSAGE_NOT_SET;
               }),
               "what is this?");
}

TEST_F(ContractRules, DiesOfBytes_Caught) {
  ExpectCaught(15, HangsUpOn([](const Request& request) {
                 const auto& environment = request.decision_request().environment();
                 const auto name = environment.find("username");
                 return name != environment.end() && name->second[0] == '\xff';
               }),
               "not UTF-8");
}

TEST_F(ContractRules, DiesOfALargeQuestion_Caught) {
  constexpr size_t kItsLimit = size_t{128} * 1024;
  ExpectCaught(16,
               HangsUpOn([](const Request& request) { return request.ByteSizeLong() > kItsLimit; }),
               "200 KiB");
}

TEST_F(ContractRules, WrongHeartbeat_Caught) {
  ExpectCaught(17, Except([](const Request& request, Stream& stream) {
                 if (!request.has_heartbeat()) return false;
                 Say(stream, [](Response& message) { message.mutable_heartbeat(); });
                 return true;
               }),
               "the echo has sequence 0");
}

TEST_F(ContractRules, EndsWithAnError_Caught) {
  ExpectCaught(18, Good, "instead of OK", grpc::Status(grpc::StatusCode::UNKNOWN, "oops"));
}

TEST_F(ContractRules, ServesOneStreamOnly_Caught) {
  auto greeted = std::make_shared<std::atomic<int>>(0);
  ExpectCaught(19, HangsUpOn([greeted](const Request& request) {
                 return request.has_hello() && ++*greeted > 1;
               }),
               "no hello_ack");
}

TEST_F(ContractRules, DiesOfALostCursor_Caught) {
  ExpectCaught(20, HangsUpOn([](const Request& request) {
                 return request.session_event().kind() == v1::SessionEvent::KIND_CURSOR_LOST;
               }),
               "what is this?");
}

TEST_F(ContractRules, AsksAClientThatCannotAnswer_Caught) {
  ExpectCaught(21, Except([](const Request& request, Stream& stream) {
                 if (request.decision_request().pending_auth_methods_size() != 0) return false;
                 if (request.has_decision_request()) {
                   Challenge(stream, request.decision_request().decision_id());
                 }
                 return request.has_decision_request();
               }),
               "whose client can do nothing only");
}

TEST_F(ContractRules, AsksForAPageWhereAQuestionWouldDo_Caught) {
  ExpectCaught(21, Except([](const Request& request, Stream& stream) {
                 const auto& methods = request.decision_request().pending_auth_methods();
                 if (methods.size() != 1 || methods.at(0) != "crtext") return false;
                 Say(stream, [&](Response& message) {
                   auto& decision = *message.mutable_decision();
                   decision.set_decision_id(request.decision_request().decision_id());
                   decision.mutable_pending_auth()->set_web_auth_url("https://sso.example/");
                 });
                 return true;
               }),
               "can do crtext only");
}

TEST_F(ContractRules, IgnoresTheChallengeResponse_Caught) {
  ExpectCaught(22, Except([](const Request& request, Stream&) { return IsResponse(request); }),
               "no verdict for");
}

TEST_F(ContractRules, RepeatsTheChallengeResponse_Caught) {
  for (const bool decoded : {false, true}) {
    ExpectCaught(22, Except([decoded](const Request& request, Stream& stream) {
                   if (!IsResponse(request)) return false;
                   Say(stream, [&](Response& message) {
                     auto& decision = *message.mutable_decision();
                     decision.set_decision_id(request.decision_request().decision_id());
                     std::string answer =
                         request.decision_request().credentials().challenge_response();
                     if (decoded) absl::Base64Unescape(std::string(answer), &answer);
                     (*decision.mutable_audit_annotations())["answer"] = answer;
                     decision.mutable_allow();
                   });
                   return true;
                 }),
                 "repeats the answer");
    TearDown();
  }
}

TEST_F(ContractRules, TakesTheSameAnswerOnce_Caught) {
  ExpectCaught(
      22, Except([](const Request& request, Stream& stream) {
        if (!IsResponse(request) || request.decision_request().attempt() < 3) return false;
        Say(stream, [&](Response& message) {
          message.mutable_decision()->set_decision_id(request.decision_request().decision_id());
          message.mutable_decision()->mutable_deny()->set_reason("the code was used");
        });
        return true;
      }),
      "the same decision_id and round");
}

}  // namespace
}  // namespace ovpnbroker::policy_check
