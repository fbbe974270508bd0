// Deny with its ways to come back, and the further steps: what is written, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ovpn/management/command.h"

namespace ovpnbroker::ovpn {
namespace {

using std::chrono_literals::operator""s;
using testing::ElementsAre;
using testing::HasSubstr;

ClientIdentity ClientThatCan(const std::string& methods) {
  ClientIdentity client;
  client.sso_methods = methods;
  return client;
}

PendingAuth Question(const std::string& text) {
  return {.method = PendingAuth::Method::kChallenge, .text = text};
}

PendingAuth Page(const std::string& url, std::vector<std::string> flags = {}) {
  return {.method = PendingAuth::Method::kWebAuth, .text = url, .flags = std::move(flags)};
}

std::string Written(const PendingAuth& step, const std::string& methods) {
  const auto command =
      commands::ClientPendingAuth(Cid{7}, Kid{1}, step, ClientThatCan(methods), 120s);
  return command.ok() ? command.value().bytes : "refused";
}

std::vector<std::string> Refused(const PendingAuth& step, const std::string& methods,
                                 std::chrono::seconds timeout = 120s) {
  const auto command =
      commands::ClientPendingAuth(Cid{7}, Kid{1}, step, ClientThatCan(methods), timeout);
  std::vector<std::string> fields;
  if (command.ok()) return fields;
  for (const FieldViolation& violation : command.violations()) fields.push_back(violation.field);
  return fields;
}

TEST(ClientPendingAuth, Question_IsWrittenAsTheCapturedDaemonTookIt) {
  PendingAuth step = Question("Enter your one-time code");
  step.echo = true;
  EXPECT_EQ(Written(step, "webauth,crtext"),
            "client-pending-auth 7 1 \"CR_TEXT:R,E:Enter your one-time code\" 120\n");
  step.echo = false;
  EXPECT_EQ(Written(step, "crtext"),
            "client-pending-auth 7 1 \"CR_TEXT:R:Enter your one-time code\" 120\n");
}

TEST(ClientPendingAuth, Page_TakesTheFormThatTheClientKnows) {
  const PendingAuth step = Page("https://login.example/?t=1", {"hidden", "proxy"});
  EXPECT_EQ(Written(step, "webauth,openurl"),
            "client-pending-auth 7 1 \"WEB_AUTH:hidden,proxy:https://login.example/?t=1\" 120\n");
  EXPECT_EQ(Written(step, "openurl"),
            "client-pending-auth 7 1 \"OPEN_URL:https://login.example/?t=1\" 120\n");
}

TEST(ClientPendingAuth, ClientThatCannotTakeTheStep_IsRefusedWithTheField) {
  EXPECT_THAT(Refused(Question("code?"), "webauth"), ElementsAre("pending_auth.challenge_text"));
  EXPECT_THAT(Refused(Question("code?"), ""), ElementsAre("pending_auth.challenge_text"));
  // A word that only begins like one.
  EXPECT_THAT(Refused(Question("code?"), "crtextual"), ElementsAre("pending_auth.challenge_text"));
  EXPECT_THAT(Refused(Page("https://x"), "crtext"), ElementsAre("pending_auth.web_auth_url"));
}

TEST(ClientPendingAuth, TextThatWouldBreakOut_IsRefused) {
  EXPECT_THAT(Refused(Question("a\nclient-auth-nt 7 1"), "crtext"),
              ElementsAre("pending_auth.challenge_text"));
  EXPECT_THAT(Refused(Page("https://x/\x7f"), "webauth"), ElementsAre("pending_auth.web_auth_url"));
  EXPECT_THAT(Refused(Page("javascript:alert(1)"), "webauth"),
              ElementsAre("pending_auth.web_auth_url"));
  EXPECT_THAT(Refused(Page("https://x", {"hidden:y"}), "webauth"),
              ElementsAre("pending_auth.flags"));
  PendingAuth step = Question("x");
  step.flags = {"hidden"};
  EXPECT_THAT(Refused(step, "crtext"), ElementsAre("pending_auth.flags"));
  EXPECT_EQ(Written(Question("say \"hi\" \\"), "crtext"),
            "client-pending-auth 7 1 \"CR_TEXT:R:say \\\"hi\\\" \\\\\" 120\n");
}

TEST(ClientPendingAuth, TextOfOneArgument_FitsAndNoMore) {
  const size_t room = 256 - std::string("CR_TEXT:R:").size();
  EXPECT_THAT(Refused(Question(std::string(room, 'x')), "crtext"), ElementsAre());
  EXPECT_THAT(Refused(Question(std::string(room + 1, 'x')), "crtext"),
              ElementsAre("pending_auth.challenge_text"));
  EXPECT_THAT(Refused(Question(""), "crtext"), ElementsAre("pending_auth.challenge_text"));
}

TEST(ClientPendingAuth, NoTimeLeft_IsRefused) {
  EXPECT_THAT(Refused(Question("code?"), "crtext", 0s), ElementsAre("pending_auth.timeout"));
}

TEST(ClientDeny, DynamicChallenge_RepeatsTheUserAndTheState) {
  Deny deny{.reason = "one-time code wanted"};
  deny.challenge = DynamicChallenge{"otp.1", "Code: please", true, true};
  const auto command = commands::ClientDeny(Cid{7}, Kid{1}, deny, "alice");
  ASSERT_TRUE(command.ok());
  EXPECT_EQ(command.value().bytes,
            "client-deny 7 1 \"one-time code wanted\" "
            "\"CRV1:R,E:otp.1:YWxpY2U=:Code: please\"\n");
}

TEST(ClientDeny, DynamicChallengeThatClientsWouldMisread_IsRefused) {
  const auto fields = [](const DynamicChallenge& challenge, bool with_retry = false) {
    Deny deny{.reason = "r"};
    deny.challenge = challenge;
    if (with_retry) deny.retry = RetryHint{};
    std::vector<std::string> names;
    const auto command = commands::ClientDeny(Cid{7}, Kid{1}, deny, "alice");
    if (command.ok()) return names;
    for (const FieldViolation& violation : command.violations()) names.push_back(violation.field);
    return names;
  };
  EXPECT_THAT(fields({"a:b", "text"}), ElementsAre("deny.challenge.state_id"));
  EXPECT_THAT(fields({"", "text"}), ElementsAre("deny.challenge.state_id"));
  EXPECT_THAT(fields({"s", ""}), ElementsAre("deny.challenge.text"));
  EXPECT_THAT(fields({"s", "a\nb"}), ElementsAre("deny.challenge.text"));
  EXPECT_THAT(fields({"s", std::string(256, 'x')}), ElementsAre("deny.challenge.text"));
  EXPECT_THAT(fields({"s", "text"}, true), ElementsAre("deny.challenge"));
}

}  // namespace
}  // namespace ovpnbroker::ovpn
