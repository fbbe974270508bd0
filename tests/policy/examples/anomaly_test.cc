// What the C++ example finds odd about sessions.
#include "policy/examples/cpp/anomaly.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using ovpnbroker::policy::v1::SessionEvent;
using testing::HasSubstr;
using testing::Optional;

SessionEvent Event(SessionEvent::Kind kind, const std::string& uid, int64_t seconds,
                   uint64_t bytes = 0, const std::string& from = "192.0.2.7:1194") {
  SessionEvent event;
  event.set_kind(kind);
  event.mutable_event_time()->set_seconds(seconds);
  event.mutable_session()->set_uid(uid);
  event.mutable_session()->set_common_name("alice");
  event.mutable_session()->set_real_address(from);
  event.mutable_session()->set_received_bytes(bytes);
  return event;
}

constexpr auto kIn = SessionEvent::KIND_ESTABLISHED;
constexpr auto kTraffic = SessionEvent::KIND_TRAFFIC;
constexpr auto kOut = SessionEvent::KIND_DISCONNECTED;

TEST(AnomalyDetector, Rate_IsBetweenTwoCountsAndReportedOnce) {
  AnomalyDetector detector({.max_rate = 1000});
  EXPECT_EQ(detector.OnEvent(Event(kIn, "a", 0, 900'000)), std::nullopt);
  EXPECT_EQ(detector.OnEvent(Event(kTraffic, "a", 10, 910'000)), std::nullopt);
  EXPECT_THAT(detector.OnEvent(Event(kTraffic, "a", 20, 921'000)),
              Optional(HasSubstr("1100 bytes a second")));
  EXPECT_EQ(detector.OnEvent(Event(kTraffic, "a", 30, 990'000)), std::nullopt);
}

TEST(AnomalyDetector, FirstCountOfAnOldSession_SaysNothing) {
  AnomalyDetector detector({.max_rate = 1});
  EXPECT_EQ(detector.OnEvent(Event(kTraffic, "a", 10, 1'000'000)), std::nullopt);
  EXPECT_EQ(detector.OnEvent(Event(kTraffic, "a", 10, 2'000'000)), std::nullopt);
  EXPECT_NE(detector.OnEvent(Event(kTraffic, "a", 11, 2'000'000)), std::nullopt);
}

TEST(AnomalyDetector, Connects_CountInTheWindow) {
  AnomalyDetector detector({.max_connects = 2, .connect_window = 60});
  EXPECT_EQ(detector.OnEvent(Event(kIn, "a", 0)), std::nullopt);
  EXPECT_EQ(detector.OnEvent(Event(kIn, "b", 30)), std::nullopt);
  EXPECT_NE(detector.OnEvent(Event(kIn, "c", 59)), std::nullopt);
  EXPECT_EQ(detector.OnEvent(Event(kIn, "d", 150)), std::nullopt);
}

TEST(AnomalyDetector, Places_CountThoseWhoAreInNow) {
  AnomalyDetector detector({.max_places = 1});
  EXPECT_EQ(detector.OnEvent(Event(kIn, "a", 0)), std::nullopt);
  EXPECT_EQ(detector.OnEvent(Event(kIn, "b", 1, 0, "192.0.2.7:9999")), std::nullopt);
  EXPECT_NE(detector.OnEvent(Event(kIn, "c", 2, 0, "[2001:db8::1]:1194")), std::nullopt);
  detector.OnEvent(Event(kOut, "a", 3));
  detector.OnEvent(Event(kOut, "b", 3));
  detector.OnEvent(Event(kOut, "c", 3));
  EXPECT_EQ(detector.OnEvent(Event(kIn, "d", 4, 0, "[2001:db8::1]:1194")), std::nullopt);
}

TEST(AnomalyDetector, NoLimits_FindsNothing) {
  AnomalyDetector detector({});
  EXPECT_EQ(detector.OnEvent(Event(kIn, "a", 0)), std::nullopt);
  EXPECT_EQ(detector.OnEvent(Event(kTraffic, "a", 1, 1'000'000'000)), std::nullopt);
}

}  // namespace
