// The small parts of the stream that need no server: write queue, liveness, memory of decisions.
#include <gtest/gtest.h>

#include "policy/stream/circuit_breaker.h"
#include "policy/stream/decision_memory.h"
#include "policy/stream/hedge_budget.h"
#include "policy/stream/live_streams.h"
#include "policy/stream/liveness.h"
#include "policy/stream/stream_writer.h"

namespace ovpnbroker::policy {
namespace {

using std::chrono::seconds;

const ovpn::SteadyTime kStart{seconds(1000)};

TEST(StreamWriter, OneWriteAtATime_InOrder) {
  StreamWriter<int> writer(10, 4);
  EXPECT_TRUE(writer.Push(1));
  EXPECT_TRUE(writer.Push(2));
  const int* first = writer.BeginWrite(kStart);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(*first, 1);
  EXPECT_EQ(writer.BeginWrite(kStart), nullptr);
  EXPECT_EQ(writer.write_start_time(), kStart);
  writer.EndWrite(true);
  EXPECT_EQ(writer.write_start_time(), std::nullopt);
  EXPECT_EQ(*writer.BeginWrite(kStart), 2);
}

TEST(StreamWriter, Full_RefusesMore) {
  StreamWriter<int> writer(2, 4);
  EXPECT_TRUE(writer.Push(1));
  EXPECT_TRUE(writer.Push(2));
  EXPECT_FALSE(writer.Push(3));
}

TEST(StreamWriter, Closed_WritesWhatWaitsAndTakesNoMore) {
  StreamWriter<int> writer(10, 4);
  writer.Push(1);
  writer.Close();
  EXPECT_FALSE(writer.Push(2));
  EXPECT_NE(writer.BeginWrite(kStart), nullptr);
  EXPECT_FALSE(writer.idle());
  writer.EndWrite(true);
  EXPECT_TRUE(writer.idle());
}

TEST(StreamWriter, FailedWrite_ForgetsTheRest) {
  StreamWriter<int> writer(10, 4);
  writer.Push(1);
  writer.Push(2);
  writer.BeginWrite(kStart);
  writer.EndWrite(false);
  EXPECT_TRUE(writer.idle());
  EXPECT_FALSE(writer.Push(3));
}

TEST(StreamWriter, Events_GoBehindDecisions) {
  StreamWriter<int> writer(10, 4);
  writer.PushEvent(100);
  writer.PushEvent(101);
  writer.Push(1);
  for (const int expected : {1, 100}) {
    const int* next = writer.BeginWrite(kStart);
    ASSERT_NE(next, nullptr);
    EXPECT_EQ(*next, expected);
    writer.EndWrite(true);
  }
  writer.Push(2);
  EXPECT_EQ(*writer.BeginWrite(kStart), 2);
  writer.EndWrite(true);
  EXPECT_EQ(*writer.BeginWrite(kStart), 101);
}

TEST(StreamWriter, FullEventLane_DropsTheOldestAndCounts) {
  StreamWriter<int> writer(10, 2);
  for (const int event : {1, 2, 3, 4}) EXPECT_TRUE(writer.PushEvent(event));
  EXPECT_EQ(writer.dropped_events(), 2u);
  EXPECT_EQ(writer.queued_events(), 2u);
  EXPECT_TRUE(writer.Push(10)) << "events never take the room of decisions";
  EXPECT_EQ(*writer.BeginWrite(kStart), 10);
  writer.EndWrite(true);
  EXPECT_EQ(*writer.BeginWrite(kStart), 3);
}

TEST(StreamWriter, Closed_WritesTheEventsThatWaitAndTakesNoMore) {
  StreamWriter<int> writer(10, 4);
  writer.PushEvent(1);
  writer.Close();
  EXPECT_FALSE(writer.PushEvent(2));
  EXPECT_FALSE(writer.idle());
  EXPECT_EQ(*writer.BeginWrite(kStart), 1);
  EXPECT_EQ(writer.dropped_events(), 0u);
}

TEST(Liveness, Silence_AsksThenGivesUp) {
  Liveness liveness(seconds(10), 3, kStart);
  EXPECT_EQ(liveness.Tick(kStart + seconds(9)), Liveness::Action::kNone);
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(liveness.Tick(kStart + seconds(10 * i)), Liveness::Action::kSendHeartbeat);
    EXPECT_EQ(liveness.sequence(), i);
  }
  EXPECT_EQ(liveness.Tick(kStart + seconds(39)), Liveness::Action::kNone);
  EXPECT_EQ(liveness.Tick(kStart + seconds(40)), Liveness::Action::kGiveUp);
}

TEST(Liveness, AnyMessage_StartsAnew) {
  Liveness liveness(seconds(10), 1, kStart);
  EXPECT_EQ(liveness.Tick(kStart + seconds(10)), Liveness::Action::kSendHeartbeat);
  liveness.OnReceived(kStart + seconds(15));
  EXPECT_EQ(liveness.deadline(), kStart + seconds(25));
  EXPECT_EQ(liveness.Tick(kStart + seconds(25)), Liveness::Action::kSendHeartbeat);
  EXPECT_EQ(liveness.sequence(), 2);
}

TEST(DecisionMemory, Full_ForgetsTheOldest) {
  DecisionMemory memory(2);
  memory.Remember("d1", "unix:/a");
  memory.Remember("d2", "unix:/a");
  memory.Remember("d2", "unix:/b");
  memory.Remember("d3", "unix:/c");
  EXPECT_EQ(memory.Find("d1"), "");
  EXPECT_EQ(memory.Find("d2"), "unix:/b");
  EXPECT_EQ(memory.Find("d3"), "unix:/c");
}

TEST(CircuitBreaker, FailuresInARow_OpenIt) {
  CircuitBreaker circuit(3, seconds(10));
  EXPECT_FALSE(circuit.OnFailed(kStart));
  EXPECT_FALSE(circuit.OnFailed(kStart));
  EXPECT_FALSE(circuit.OnAnswered()) << "was not open";
  EXPECT_FALSE(circuit.OnFailed(kStart));
  EXPECT_FALSE(circuit.OnFailed(kStart));
  EXPECT_TRUE(circuit.allows(kStart));
  EXPECT_TRUE(circuit.OnFailed(kStart));
  EXPECT_EQ(circuit.state(kStart), CircuitState::kOpen);
  EXPECT_FALSE(circuit.allows(kStart + seconds(9)));
}

TEST(CircuitBreaker, HalfOpen_LetsOneProbeThroughAtATime) {
  CircuitBreaker circuit(1, seconds(10));
  EXPECT_TRUE(circuit.OnFailed(kStart));
  const ovpn::SteadyTime probe_time = kStart + seconds(10);
  EXPECT_EQ(circuit.state(probe_time), CircuitState::kHalfOpen);
  circuit.OnAsked(probe_time);
  EXPECT_FALSE(circuit.allows(probe_time)) << "the probe is on its way";
  EXPECT_TRUE(circuit.allows(probe_time + seconds(10))) << "it was never answered";
  EXPECT_FALSE(circuit.OnFailed(probe_time + seconds(1))) << "it was open already";
  EXPECT_FALSE(circuit.allows(probe_time + seconds(10)));
  circuit.OnAsked(probe_time + seconds(11));
  EXPECT_TRUE(circuit.OnAnswered());
  EXPECT_EQ(circuit.state(probe_time + seconds(11)), CircuitState::kClosed);
}

TEST(HedgeBudget, UsedUp_IsEarnedByDecisions) {
  HedgeBudget budget;
  int hedges = 0;
  for (; budget.allows(); ++hedges) budget.OnHedge();
  EXPECT_EQ(hedges, static_cast<int>(HedgeBudget::kMaxTokens));
  budget.OnDecision();
  EXPECT_FALSE(budget.allows());
  budget.OnDecision();
  EXPECT_TRUE(budget.allows());
}

TEST(LiveStreams, Wait_EndsWithTheLastStreamOrTheTimeout) {
  LiveStreams live;
  EXPECT_TRUE(live.WaitUntilNone(seconds(0)));
  live.Enter();
  EXPECT_FALSE(live.WaitUntilNone(std::chrono::milliseconds(1)));
  live.Leave();
  EXPECT_TRUE(live.WaitUntilNone(seconds(0)));
}

}  // namespace
}  // namespace ovpnbroker::policy
