// Replicas that come and go: names with several addresses, old streams, an operator's drain.
#include <gmock/gmock.h>

#include <asio/post.hpp>
#include <map>

#include "policy/stream/address_resolver.h"
#include "tests/policy/stream/stream_fixture.h"

namespace ovpnbroker::policy {
namespace {

using testing::HasSubstr;

// Answers at once with what the test has put there.
class FakeResolver final : public AddressResolver {
 public:
  explicit FakeResolver(asio::io_context& loop) : loop_(loop) {}

  void Resolve(const ovpn::DnsTarget& target, Callback done) override {
    ++lookups;
    asio::post(loop_, [done = std::move(done), result = results[target.name]] { done(result); });
  }

  std::map<std::string, absl::StatusOr<std::vector<std::string>>> results;
  int lookups = 0;

 private:
  asio::io_context& loop_;
};

class RosterTest : public StreamFixture {
 protected:
  std::unique_ptr<test::ScriptedPolicy> ServeTcp(test::PolicyScript script = {}) {
    return std::make_unique<test::ScriptedPolicy>(loop_, "127.0.0.1:0", std::move(script));
  }
  static std::string At(const test::ScriptedPolicy& server) {
    return "127.0.0.1:" + std::to_string(server.port());
  }
  StreamPolicyOptions NameOptions() {
    StreamPolicyOptions options = Options({});
    options.addresses = {"dns:policy.test:50051"};
    options.insecure = true;
    options.resolver = resolver_;
    options.dns_refresh = std::chrono::milliseconds(10);
    return options;
  }

  std::shared_ptr<FakeResolver> resolver_ = std::make_shared<FakeResolver>(loop_);
};

TEST_F(RosterTest, NameWithTwoAddresses_BothAreAsked) {
  const auto a = ServeTcp(test::SilentPolicy());
  const auto b = ServeTcp(test::SilentPolicy());
  resolver_->results["policy.test"] = std::vector{At(*a), At(*b)};
  Open(NameOptions());
  ASSERT_TRUE(RunUntilReady(2));
  for (int i = 0; i < 4; ++i) Ask("d" + std::to_string(i));
  EXPECT_EQ(Status(0).in_flight, 2u);
  EXPECT_EQ(Status(1).in_flight, 2u);
}

TEST_F(RosterTest, AddressesChange_OpenDecisionsFinishAndNewOnesGoToTheNewAddress) {
  const auto old_server = ServeTcp(test::SilentPolicy());
  const auto new_server = ServeTcp();
  resolver_->results["policy.test"] = std::vector{At(*old_server)};
  Open(NameOptions());
  ASSERT_TRUE(RunUntilReady());
  Ask("open");
  resolver_->results["policy.test"] = std::vector{At(*new_server)};
  ASSERT_TRUE(RunUntil([&] { return old_server->Count(Request::kDrain) == 1; }));
  ASSERT_TRUE(RunUntilReady());
  Ask("new");
  ASSERT_TRUE(RunUntilReply("new"));
  EXPECT_EQ(replies_["new"][0].replica, At(*new_server));
  old_server->Send(test::AllowDecision("open"));
  ASSERT_TRUE(RunUntilReply("open"));
  EXPECT_TRUE(Allowed("open"));
  ASSERT_TRUE(RunUntil([&] { return policy_->Replicas().size() == 1; }));
  EXPECT_EQ(policy_->counters().streams_lost, 0u);
}

TEST_F(RosterTest, FailedLookup_KeepsTheAddressesAndSaysSo) {
  const auto server = ServeTcp();
  resolver_->results["policy.test"] = std::vector{At(*server)};
  Open(NameOptions());
  ASSERT_TRUE(RunUntilReady());
  resolver_->results["policy.test"] = absl::UnavailableError("name server is away");
  ASSERT_TRUE(RunUntil([&] { return policy_->counters().failed_lookups >= 3; }));
  EXPECT_TRUE(policy_->ready());
  EXPECT_EQ(logger_.Count("POLICY_NAME_NOT_RESOLVED"), 1);
  EXPECT_TRUE(logger_.Mentions("name server is away"));
}

TEST_F(RosterTest, NameThatLeadsOffLoopback_IsNotDialledWithoutTls) {
  resolver_->results["policy.test"] = std::vector<std::string>{"192.0.2.1:50051"};
  Open(NameOptions());
  ASSERT_TRUE(RunUntil([&] { return logger_.Count("POLICY_ADDRESS_REFUSED") == 1; }));
  EXPECT_TRUE(policy_->Replicas().empty());
}

TEST_F(RosterTest, OldStream_IsReplacedBeforeItDrains) {
  const auto server = Serve("a", test::SilentPolicy());
  StreamPolicyOptions options = Options({"a"});
  options.timings.max_stream_age = std::chrono::milliseconds(300);
  Open(options);
  ASSERT_TRUE(RunUntilReady());
  Ask("open");
  bool always_ready = true;
  ASSERT_TRUE(RunUntil([&] {
    always_ready = always_ready && policy_->ready();
    return server->Count(Request::kDrain) >= 1;
  }));
  EXPECT_TRUE(always_ready);
  EXPECT_EQ(server->Count(Request::kHello), 2);
  server->Send(test::AllowDecision("open"));
  ASSERT_TRUE(RunUntilReply("open"));
  EXPECT_TRUE(Allowed("open"));
  EXPECT_GE(policy_->counters().rotations, 1u);
  EXPECT_EQ(policy_->counters().streams_lost, 0u);
}

TEST_F(RosterTest, DrainReplica_FinishesAndStaysAwayUntilResumed) {
  const auto a = Serve("a", test::SilentPolicy());
  const auto b = Serve("b");
  Open(Options({"a", "b"}));
  ASSERT_TRUE(RunUntilReady(2));
  Ask("open");
  ASSERT_TRUE(policy_->DrainReplica(Address("a")).ok());
  Ask("next");
  ASSERT_TRUE(RunUntilReply("next"));
  EXPECT_EQ(replies_["next"][0].replica, Address("b"));
  a->Send(test::AllowDecision("open"));
  ASSERT_TRUE(RunUntilReply("open"));
  ASSERT_TRUE(RunUntil([&] { return Status(0).state == ReplicaState::kClosed; }));
  EXPECT_EQ(a->Last(Request::kDrain).drain().reason(), "drained by an operator");
  EXPECT_EQ(a->Count(Request::kHello), 1);
  ASSERT_TRUE(policy_->ResumeReplica(Address("a")).ok());
  ASSERT_TRUE(RunUntilReady(2));
  EXPECT_EQ(policy_->DrainReplica("unix:/unknown").code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(policy_->ResumeReplica(Address("a")).code(), absl::StatusCode::kNotFound);
}

TEST_F(RosterTest, DrainIgnoredByThePolicy_EndsWithTheGracePeriodAndDecisionsMove) {
  const auto a = Serve("a", test::SilentPolicy());
  const auto b = Serve("b");
  StreamPolicyOptions options = Options({"a", "b"});
  options.decision_timeout = std::chrono::milliseconds(50);
  Open(options);
  ASSERT_TRUE(RunUntilReady(2));
  Ask("open");
  ASSERT_TRUE(policy_->DrainReplica(Address("a")).ok());
  ASSERT_TRUE(RunUntilReply("open"));
  EXPECT_EQ(FailureOf("open"), ovpn::FailureCause::kUnavailable);
  EXPECT_EQ(a->Last(Request::kDrain).drain().grace_period().nanos(), 50'000'000);
}

TEST_F(RosterTest, SystemResolver_FindsLocalhostOffTheLoop) {
  SystemResolver resolver(loop_);
  absl::StatusOr<std::vector<std::string>> found = absl::UnknownError("no answer yet");
  resolver.Resolve({"localhost", "50051"}, [&found](auto result) { found = std::move(result); });
  ASSERT_TRUE(RunUntil([&] { return found.ok(); }));
  EXPECT_THAT(*found, testing::Contains(HasSubstr(":50051")));
}

}  // namespace
}  // namespace ovpnbroker::policy
