// Hours of days in a time zone: "mon-fri 22:00-06:00 in Europe/Berlin". A window that crosses
// midnight belongs to the day it begins on. Wall-clock hours, so daylight saving moves it as it
// moves people. Plain value; any thread.
#pragma once

#include <bitset>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ovpn/base/clock.h"

namespace ovpnbroker::policy {

class TimeWindow {
 public:
  // Monday to midnight, UTC: always.
  TimeWindow() { days_.set(); }

  // "mon", "sat" or a range "mon-fri" ("fri-mon" goes over the weekend); adds to earlier calls.
  absl::Status AddDays(absl::string_view text);
  // "08:00-18:30", "22:00-06:00", "00:00-24:00".
  absl::Status SetHours(absl::string_view text);
  // A name of the IANA database ("Europe/Berlin"), read from the system.
  absl::Status SetZone(absl::string_view name);

  bool Contains(ovpn::WallTime time) const;

 private:
  static constexpr int kDays = 7;
  static constexpr int kMinutesOfDay = 24 * 60;

  std::bitset<kDays> days_;  // Monday first
  bool days_given_ = false;
  int begin_minute_ = 0;
  int end_minute_ = kMinutesOfDay;  // exclusive; not above begin: on the next day
  absl::TimeZone zone_ = absl::UTCTimeZone();
};

// A moment as people write it: "2026-11-24T22:00" (UTC), with seconds or an offset if wanted.
absl::StatusOr<ovpn::WallTime> ParseMoment(absl::string_view text);

}  // namespace ovpnbroker::policy
