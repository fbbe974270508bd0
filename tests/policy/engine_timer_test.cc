#include "policy/engine_timer.h"

#include <asio/steady_timer.hpp>

#include "tests/policy/engine_fixture.h"

namespace ovpnbroker::policy {
namespace {

constexpr auto kFailSafe = 10s;

TEST(EngineTimer, DeadlinePasses_TimesOutOnTheLoop) {
  asio::io_context loop;
  asio::steady_timer fail_safe(loop, kFailSafe);
  fail_safe.async_wait([&](const asio::error_code& error) {
    if (!error) loop.stop();
  });

  const ovpn::SystemClock clock;
  DecisionEngine engine(clock, {}, {});
  const EngineTimer timer(loop, engine);
  EngineOptions options;
  options.decision_timeout = 5ms;
  const auto policy = std::make_shared<test::FakePolicy>();
  std::optional<ovpn::Verdict> answered;
  engine.Submit(Decision("d1", test::MakeAuthRequest(Key(4, 1)),
                         std::make_shared<const EngineOptions>(options),
                         [&](const ovpn::Verdict& answer) {
                           answered = answer;
                           loop.stop();
                           return AnswerResult::Queued();
                         }),
                policy);
  loop.run();
  EXPECT_EQ(answered, ovpn::Verdict(RetryDeny(ovpn::FailureCause::kTimeout, options.failure)));
}

TEST_F(EngineTest, DeadlineListener_HearsOncePerCall) {
  std::vector<std::optional<ovpn::SteadyTime>> heard;
  engine_->SetDeadlineListener(
      [&](std::optional<ovpn::SteadyTime> deadline) { heard.push_back(deadline); });
  policy_->OnAsk([](const Inquiry&, const Policy::ReplyCallback& reply) {
    reply({AllowWithDns(), "", "", {}});
  });
  Submit(Key(4, 1));
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_EQ(heard[0], std::nullopt);
  EXPECT_EQ(heard[1], clock_.Now() + 90s) << "nothing is open, one decision is remembered";
}

}  // namespace
}  // namespace ovpnbroker::policy
