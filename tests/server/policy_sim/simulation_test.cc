// The simulated clients, with time moved by hand: what they say and what answers mean to them.
#include "server/policy_sim/simulation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace ovpnbroker::policy_sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Optional;

class SimulationTest : public testing::Test {
 protected:
  void Begin(SimulationOptions options) {
    simulation_ = std::make_unique<Simulation>(clock_, std::move(options),
                                               [this](const std::string& text) { said_ += text; });
    EXPECT_EQ(Command("hold release"), std::nullopt);
    simulation_->OnDeadline();
  }
  std::optional<std::string> Command(const std::string& line,
                                     const std::vector<std::string>& body = {}) {
    return simulation_->OnCommand(line, body);
  }
  // What was said since the last time, after `time` has passed.
  std::string Said(ovpn::Duration time = {}) {
    said_.clear();
    clock_.Advance(time);
    simulation_->OnDeadline();
    return said_;
  }

  test::ManualClock clock_;
  std::string said_;
  std::unique_ptr<Simulation> simulation_;
};

TEST_F(SimulationTest, Clients_ArriveAtTheirRate) {
  Begin({.clients = 3, .rate = 10});
  EXPECT_THAT(said_, HasSubstr(">CLIENT:CONNECT,0,1\r\n>CLIENT:ENV,n_clients=0\r\n"));
  EXPECT_THAT(said_, HasSubstr(">CLIENT:ENV,common_name=user-1\r\n"));
  EXPECT_THAT(Said(milliseconds(99)), IsEmpty());
  EXPECT_THAT(Said(milliseconds(1)), HasSubstr(">CLIENT:CONNECT,1,1\r\n"));
  EXPECT_THAT(Said(seconds(1)), HasSubstr(">CLIENT:CONNECT,2,1\r\n"));
  EXPECT_THAT(Said(seconds(1)), IsEmpty());
  EXPECT_EQ(simulation_->report().waiting, 3u);
  EXPECT_FALSE(simulation_->report().done);
}

TEST_F(SimulationTest, Allowed_IsEstablishedWithItsAddressAndLeaves) {
  Begin({.clients = 1, .stay = seconds(5)});
  clock_.Advance(milliseconds(20));
  EXPECT_THAT(Command("client-auth 0 1",
                      {"ifconfig-push 10.8.0.20 255.255.255.0", "iroute 10.9.0.0 255.255.0.0"}),
              Optional(HasSubstr("SUCCESS")));
  const std::string established = Said();
  EXPECT_THAT(established, HasSubstr(">CLIENT:ADDRESS,0,10.8.0.20,1\r\n>CLIENT:ADDRESS,0,10.9.0.0/"
                                     "255.255.0.0,0\r\n>CLIENT:ESTABLISHED,0\r\n"));
  Report report = simulation_->report();
  EXPECT_EQ(report.in, 1u);
  EXPECT_EQ(report.latency_p50, 20'000u);
  EXPECT_TRUE(report.done);
  EXPECT_THAT(Said(seconds(5)), HasSubstr(">CLIENT:DISCONNECT,0\r\n"));
  EXPECT_EQ(simulation_->report().left, 1u);
  EXPECT_THAT(Command("client-kill 0"), Optional(HasSubstr("ERROR")));
}

TEST_F(SimulationTest, Denied_IsGoneAndItsReasonCounted) {
  Begin({.clients = 1});
  EXPECT_THAT(Command("client-deny 0 1 \"left\" \"Call us.\""), Optional(HasSubstr("SUCCESS")));
  EXPECT_THAT(Said(), HasSubstr(">CLIENT:DISCONNECT,0\r\n"));
  EXPECT_EQ(simulation_->report().reasons.at("Call us."), 1u);
}

TEST_F(SimulationTest, Renegotiation_IsAskedAgainAndAgain) {
  Begin({.clients = 1, .renegotiate = seconds(2)});
  Command("client-auth-nt 0 1");
  Said();
  EXPECT_THAT(Said(seconds(2)), HasSubstr(">CLIENT:REAUTH,0,2\r\n"));
  EXPECT_THAT(Said(seconds(4)), IsEmpty());  // waits for its answer
  Command("client-auth-nt 0 2");
  EXPECT_THAT(Said(seconds(2)), HasSubstr(">CLIENT:REAUTH,0,3\r\n"));
  Command("client-deny 0 3 \"no\"");
  EXPECT_THAT(Said(), HasSubstr(">CLIENT:DISCONNECT,0\r\n"));
  EXPECT_EQ(simulation_->report().renegotiated, 1u);
  EXPECT_EQ(simulation_->report().refused, 1u);
}

TEST_F(SimulationTest, Question_IsAnsweredByWhoCan) {
  ClientKind kind;
  kind.response = "123456";
  Begin({.clients = 1, .kinds = {kind}});
  EXPECT_THAT(said_, HasSubstr(">CLIENT:ENV,IV_SSO=crtext\r\n"));
  Command("client-pending-auth 0 1 \"\" 60");  // only wakes
  EXPECT_THAT(Said(), IsEmpty());
  Command("client-pending-auth 0 1 \"CR_TEXT:R,E:Code?\" 60");
  EXPECT_THAT(Said(), HasSubstr(">CLIENT:CR_RESPONSE,0,1,MTIzNDU2\r\n"));
  EXPECT_EQ(simulation_->report().steps, 1u);
}

TEST_F(SimulationTest, Bytes_AreCountedForWhoIsIn) {
  ClientKind kind;
  kind.bytes_per_second = 1000;
  Begin({.clients = 2, .kinds = {kind}});
  EXPECT_EQ(Command("bytecount 5"), std::nullopt);
  Command("client-auth-nt 0 1");
  Said();
  EXPECT_THAT(Said(seconds(5)), HasSubstr(">BYTECOUNT_CLI:0,5000,5000\r\n"));
  const std::string status = *Command("status 3");
  EXPECT_THAT(status, HasSubstr("CLIENT_LIST\tuser-1\t"));
  EXPECT_THAT(status, Not(HasSubstr("CLIENT_LIST\tuser-2\t")));
  EXPECT_THAT(Said(seconds(5)), HasSubstr(">BYTECOUNT_CLI:0,10000,10000\r\n"));
}

TEST_F(SimulationTest, Killed_IsGone) {
  Begin({.clients = 1});
  Command("client-auth-nt 0 1");
  Said();
  EXPECT_THAT(Command("client-kill 0 HALT"), Optional(HasSubstr("SUCCESS")));
  EXPECT_THAT(Said(), HasSubstr(">CLIENT:DISCONNECT,0\r\n"));
  EXPECT_EQ(simulation_->report().killed, 1u);
}

TEST(SimulationOptionsFile, IsReadBack) {
  SimulationOptions options;
  options.clients = 7;
  options.stay = std::chrono::duration<double>(1.5);
  options.kinds[0].name = "a\"b: {}";
  options.kinds[0].environment = {{"IV_PLAT", "win"}};
  const auto read = ParseOptions(OptionsToYaml(options), "f");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->clients, 7u);
  EXPECT_EQ(read->stay.count(), 1.5);
  EXPECT_EQ(read->kinds[0].name, "a\"b: {}");
  EXPECT_EQ(read->kinds[0].environment.at("IV_PLAT"), "win");
}

TEST(SimulationOptionsFile, Errors_NameTheLineAndTheNearestKey) {
  const auto error = [](const char* yaml) {
    return std::string(ParseOptions(yaml, "f").status().message());
  };
  EXPECT_THAT(error("clients: 1\nrat: 5\n"),
              HasSubstr("f:2: unknown key 'rat'; did you mean 'rate'?"));
  EXPECT_THAT(error("clients: 0\n"), HasSubstr("f:1: must be from 1 to 1000000"));
  EXPECT_THAT(error("kinds: []\n"), HasSubstr("must be a list"));
  EXPECT_THAT(error("kinds: [{name: \"a\\nb\"}]\n"), HasSubstr("control characters"));
  EXPECT_THAT(error("clients: ["), HasSubstr("f:"));
}

TEST(SimulationReport, IsReadBack) {
  Report report;
  report.arrived = 3;
  report.done = true;
  report.reasons = {{"Call us.", 2}};
  SetLatencies({3, 1, 2}, report);
  const auto read = ParseReport(ReportToText(report));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->arrived, 3u);
  EXPECT_TRUE(read->done);
  EXPECT_EQ(read->reasons, report.reasons);
  EXPECT_EQ(read->latency_p50, 2u);
  EXPECT_EQ(read->latency_max, 3u);
  EXPECT_FALSE(ParseReport("what\n").ok());
}

}  // namespace
}  // namespace ovpnbroker::policy_sim
