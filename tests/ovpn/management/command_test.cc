#include "ovpn/management/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "ovpn/management/text_argument.h"
#include "tests/support/make_deny.h"
#include "tests/support/status_matchers.h"

namespace ovpnbroker::ovpn {
namespace {

using std::chrono::seconds;
using test::IsOkAndHolds;
using test::MakeDeny;
using test::StatusIs;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

auto Bytes(const std::string& bytes) { return Field(&Command::bytes, bytes); }
auto Refused(const std::string& reason) {
  return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(reason));
}

TEST(Commands, WithoutText_AreWhatOpenvpnExpects) {
  EXPECT_EQ(commands::EnvFilter(0).bytes, "env-filter 0\n");
  EXPECT_EQ(commands::StateOn().bytes, "state on\n");
  EXPECT_EQ(commands::State().bytes, "state\n");
  EXPECT_EQ(commands::ByteCount(seconds(30)).bytes, "bytecount 30\n");
  EXPECT_EQ(commands::Version().bytes, "version\n");
  EXPECT_EQ(commands::Status3().bytes, "status 3\n");
  EXPECT_EQ(commands::HoldRelease().bytes, "hold release\n");
  EXPECT_EQ(commands::Pid().bytes, "pid\n");
  EXPECT_EQ(commands::Signal(ManagementSignal::kTerm).bytes, "signal SIGTERM\n");
  EXPECT_EQ(commands::Signal(ManagementSignal::kHup).bytes, "signal SIGHUP\n");
  EXPECT_EQ(commands::Signal(ManagementSignal::kUsr1).bytes, "signal SIGUSR1\n");
  EXPECT_EQ(commands::Signal(ManagementSignal::kUsr2).bytes, "signal SIGUSR2\n");
}

TEST(Commands, MultiLineReplies_AreVersionAndStatus) {
  EXPECT_TRUE(commands::Version().multi_line_reply);
  EXPECT_TRUE(commands::Status3().multi_line_reply);
  EXPECT_TRUE(commands::State().multi_line_reply);
  EXPECT_FALSE(commands::StateOn().multi_line_reply);
  EXPECT_FALSE(commands::ClientAuth(Cid{1}, Kid{1}, ClientAuthBlock())->multi_line_reply);
}

TEST(Password, Valid_IsOneRawLine) {
  EXPECT_THAT(commands::Password(Secret("pa \"ss\\")), IsOkAndHolds(Bytes("pa \"ss\\\n")));
}

TEST(Password, Unusable_IsRefusedWithoutShowingIt) {
  EXPECT_THAT(commands::Password(Secret("")), Refused("empty"));
  EXPECT_THAT(commands::Password(Secret(std::string(769, 'p'))), Refused("768"));
  const auto split = commands::Password(Secret("hunter2\nsignal SIGTERM"));
  EXPECT_THAT(split, Refused("0x0a"));
  EXPECT_THAT(std::string(split.status().message()), testing::Not(HasSubstr("hunter2")));
}

TEST(ClientAuthNt, Ids_AreDecimal) {
  EXPECT_THAT(commands::ClientAuthNt(Cid{18446744073709551615U}, Kid{4294967295U}),
              IsOkAndHolds(Bytes("client-auth-nt 18446744073709551615 4294967295\n")));
  EXPECT_THAT(commands::ClientAuthNt(Cid{0}, Kid{1}), IsOkAndHolds(Bytes("client-auth-nt 0 1\n")));
}

TEST(ClientAuth, Block_IsOneWriteEndedByEnd) {
  ClientConfig config;
  config.iroutes = {IpPrefix::Parse("192.168.50.0/24").value()};
  config.dns = {IpAddress::Parse("10.8.0.1").value()};
  const auto block = ClientAuthBlock::Compile(config, DirectivePolicy());
  ASSERT_TRUE(block.ok());
  EXPECT_THAT(commands::ClientAuth(Cid{4}, Kid{1}, block.value()),
              IsOkAndHolds(Bytes("client-auth 4 1\n"
                                 "iroute 192.168.50.0 255.255.255.0\n"
                                 "push \"dhcp-option DNS 10.8.0.1\"\n"
                                 "END\n")));
  EXPECT_THAT(commands::ClientAuth(Cid{4}, Kid{1}, ClientAuthBlock()),
              IsOkAndHolds(Bytes("client-auth 4 1\nEND\n")));
}

TEST(Kid, Zero_IsRefusedByEveryAnswer) {
  EXPECT_THAT(commands::ClientAuthNt(Cid{1}, Kid{0}), Refused("KID 0"));
  EXPECT_THAT(commands::ClientAuth(Cid{1}, Kid{0}, ClientAuthBlock()), Refused("KID 0"));
  EXPECT_THAT(commands::PromptKick(Cid{1}, Kid{0}, seconds(60)), Refused("KID 0"));
  const auto deny = commands::ClientDeny(Cid{1}, Kid{0}, Deny{});
  ASSERT_FALSE(deny.ok());
  EXPECT_THAT(deny.violations(), ElementsAre(Field(&FieldViolation::field, "kid")));
}

std::string DenyBytes(const Deny& deny) {
  const auto command = commands::ClientDeny(Cid{4}, Kid{1}, deny);
  return command.ok() ? command.value().bytes : "refused";
}

TEST(ClientDeny, Reasons_AreTwoArguments) {
  EXPECT_EQ(DenyBytes(MakeDeny("not on the list")), "client-deny 4 1 \"not on the list\"\n");
  EXPECT_EQ(DenyBytes(MakeDeny(R"(say "no" \)", "go, away")),
            "client-deny 4 1 \"say \\\"no\\\" \\\\\" \"go, away\"\n");
  EXPECT_EQ(DenyBytes(MakeDeny("", "only for you")), "client-deny 4 1 \"\" \"only for you\"\n");
  EXPECT_EQ(DenyBytes(Deny()), "client-deny 4 1 \"\"\n");
}

TEST(ClientDeny, RetryHint_IsTheTemporaryForm) {
  EXPECT_EQ(DenyBytes(MakeDeny("busy", "later", RetryHint{})),
            "client-deny 4 1 \"busy\" \"TEMP[backoff 5,advance no]:later\"\n");
  EXPECT_EQ(DenyBytes(MakeDeny("busy", "", RetryHint{seconds(0), true})),
            "client-deny 4 1 \"busy\" \"TEMP[backoff 0,advance remote]:\"\n");
}

TEST(ClientDeny, SeveralFieldsWrong_NamesAll) {
  const auto command =
      commands::ClientDeny(Cid{4}, Kid{1}, MakeDeny("a\nb", "CRV1:R:x", RetryHint{seconds(86401)}));
  ASSERT_FALSE(command.ok());
  EXPECT_THAT(command.violations(),
              ElementsAre(Field(&FieldViolation::field, "deny.reason"),
                          Field(&FieldViolation::field, "deny.retry.backoff"),
                          Field(&FieldViolation::field, "deny.client_reason")));
}

TEST(ClientDeny, ReservedForms_AreRefused) {
  for (const char* reason :
       {"TEMP", "TEMP[backoff 9]:x", "TEMPORARY trouble", "CRV1:R,E:s:u:t", "SESSION: expired"}) {
    EXPECT_EQ(DenyBytes(MakeDeny("", reason)), "refused") << reason;
  }
  EXPECT_NE(DenyBytes(MakeDeny("", "Temporary trouble")), "refused");
  EXPECT_NE(DenyBytes(MakeDeny("TEMP is fine in the log")), "refused");
}

TEST(ClientDeny, LengthLimits_CountWhatOpenvpnCounts) {
  const std::string full(kMaxArgumentBytes, 'x');
  EXPECT_NE(DenyBytes(MakeDeny(full, full)), "refused");
  EXPECT_EQ(DenyBytes(MakeDeny(full + "x")), "refused");
  EXPECT_EQ(DenyBytes(MakeDeny("", full, RetryHint{})), "refused") << "the hint counts too";
  const std::string quotes(kMaxArgumentBytes, '"');
  EXPECT_NE(DenyBytes(MakeDeny(quotes)), "refused");
  EXPECT_EQ(DenyBytes(MakeDeny(quotes, quotes)), "refused")
      << "with its escapes the line is too long";
}

TEST(ClientDeny, CleanedText_IsNeverRefused) {
  const std::string foreign = std::string(300, '\n') + "\x01";
  EXPECT_NE(DenyBytes(MakeDeny(CleanText(foreign))), "refused");
}

TEST(PromptKick, Timeout_IsInSeconds) {
  EXPECT_THAT(commands::PromptKick(Cid{4}, Kid{1}, seconds(60)),
              IsOkAndHolds(Bytes("client-pending-auth 4 1 \"\" 60\n")));
  EXPECT_THAT(commands::PromptKick(Cid{4}, Kid{1}, seconds(0)), Refused("positive"));
}

TEST(ClientKill, Dispositions_AreOneArgument) {
  EXPECT_THAT(commands::ClientKill(Cid{0}, KillDisposition::kRestart, ""),
              IsOkAndHolds(Bytes("client-kill 0 \"RESTART\"\n")));
  EXPECT_THAT(commands::ClientKill(Cid{7}, KillDisposition::kHalt, "bye, \"Bob\""),
              IsOkAndHolds(Bytes("client-kill 7 \"HALT,bye, \\\"Bob\\\"\"\n")));
}

TEST(ClientKill, UnusableMessage_IsRefusedByName) {
  EXPECT_THAT(commands::ClientKill(Cid{7}, KillDisposition::kHalt, "a\r\nb"), Refused("message: "));
  EXPECT_THAT(commands::ClientKill(Cid{7}, KillDisposition::kHalt, "[N]x"), Refused("flags"));
  EXPECT_THAT(commands::ClientKill(Cid{7}, KillDisposition::kRestart, std::string(249, 'x')),
              Refused("message: "));
}

TEST(KillAddress, Ipv4_IsPrintedByUs) {
  EXPECT_THAT(commands::KillAddress("192.0.2.7:50123"),
              IsOkAndHolds(Bytes("kill 192.0.2.7:50123\n")));
}

TEST(KillAddress, AnythingElse_IsRefused) {
  // A name would kill whoever is called so.
  for (const char* text : {"", "bob", "bob:1", "192.0.2.7", "192.0.2.7:", "192.0.2.7:0",
                           "192.0.2.7:65536", "192.0.2.7: 80", "192.0.2.7:+80", "192.0.2.7:80 x",
                           "[2001:db8::7]:80", "2001:db8::7:80", "UNDEF", "udp:192.0.2.7:80"}) {
    EXPECT_FALSE(commands::KillAddress(text).ok()) << text;
  }
}

}  // namespace
}  // namespace ovpnbroker::ovpn
