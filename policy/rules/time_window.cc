#include "policy/rules/time_window.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/suggest.h"

namespace ovpnbroker::policy {
namespace {

constexpr absl::string_view kDayNames[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

absl::StatusOr<int> ParseDay(absl::string_view text) {
  const std::string name = absl::AsciiStrToLower(text);
  const auto* const found = std::find(std::begin(kDayNames), std::end(kDayNames), name);
  if (found != std::end(kDayNames)) return static_cast<int>(found - std::begin(kDayNames));
  return absl::InvalidArgumentError(absl::StrCat("unknown day '", text,
                                                 "'; days are mon, tue, wed, thu, fri, sat, sun, "
                                                 "or a range such as mon-fri"));
}

// "22:00" as minutes of the day; "24:00" is the end of the day.
std::optional<int> ParseMinute(absl::string_view text) {
  constexpr int kMinutesOfHour = 60;
  constexpr int kHoursOfDay = 24;
  int hour = 0;
  int minute = 0;
  if (text.size() != 5 || text[2] != ':' || !absl::SimpleAtoi(text.substr(0, 2), &hour) ||
      !absl::SimpleAtoi(text.substr(3), &minute) || hour < 0 || minute < 0 ||
      minute >= kMinutesOfHour || hour * kMinutesOfHour + minute > kHoursOfDay * kMinutesOfHour) {
    return std::nullopt;
  }
  return hour * kMinutesOfHour + minute;
}

}  // namespace

absl::Status TimeWindow::AddDays(absl::string_view text) {
  const size_t dash = text.find('-');
  const absl::StatusOr<int> first = ParseDay(text.substr(0, dash));
  if (!first.ok()) return first.status();
  int last = *first;
  if (dash != absl::string_view::npos) {
    const absl::StatusOr<int> end = ParseDay(text.substr(dash + 1));
    if (!end.ok()) return end.status();
    last = *end;
  }
  if (!days_given_) days_.reset();
  days_given_ = true;
  for (int day = *first; true; day = (day + 1) % kDays) {
    days_.set(static_cast<size_t>(day));
    if (day == last) return absl::OkStatus();
  }
}

absl::Status TimeWindow::SetHours(absl::string_view text) {
  const size_t dash = std::min(text.find('-'), text.size());
  const std::optional<int> begin = ParseMinute(text.substr(0, dash));
  const std::optional<int> end =
      dash < text.size() ? ParseMinute(text.substr(dash + 1)) : std::nullopt;
  if (!begin.has_value() || !end.has_value() || *begin == *end || *begin == kMinutesOfDay) {
    return absl::InvalidArgumentError(
        "expected two different hours, as in '08:00-18:30', '22:00-06:00' or '00:00-24:00'");
  }
  begin_minute_ = *begin;
  end_minute_ = *end;
  return absl::OkStatus();
}

absl::Status TimeWindow::SetZone(absl::string_view name) {
  // A path is a file of somebody's, not a name of the database.
  const bool is_path =
      absl::StartsWith(name, "/") || absl::StrContains(name, "..") || absl::StrContains(name, ":");
  if (name.empty() || is_path || !absl::LoadTimeZone(name, &zone_)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the system knows no time zone '", name,
                     "'; write a name such as 'Europe/Berlin' or 'UTC' (package tzdata)"));
  }
  return absl::OkStatus();
}

bool TimeWindow::Contains(ovpn::WallTime time) const {
  const absl::CivilSecond local = zone_.At(absl::FromChrono(time)).cs;
  const int minute = local.hour() * 60 + local.minute();
  const auto day = static_cast<size_t>(absl::GetWeekday(absl::CivilDay(local)));  // Monday is 0
  if (begin_minute_ < end_minute_) {
    return days_[day] && minute >= begin_minute_ && minute < end_minute_;
  }
  const size_t yesterday = (day + kDays - 1) % kDays;
  return (days_[day] && minute >= begin_minute_) || (days_[yesterday] && minute < end_minute_);
}

absl::StatusOr<ovpn::WallTime> ParseMoment(absl::string_view text) {
  for (const absl::string_view format : {"%Y-%m-%d%ET%H:%M:%E*S%Ez", "%Y-%m-%d%ET%H:%M%Ez",
                                         "%Y-%m-%d%ET%H:%M:%E*S", "%Y-%m-%d%ET%H:%M"}) {
    absl::Time time;
    if (absl::ParseTime(format, text, absl::UTCTimeZone(), &time, nullptr)) {
      return std::chrono::time_point_cast<ovpn::WallTime::duration>(absl::ToChronoTime(time));
    }
  }
  return absl::InvalidArgumentError(absl::StrCat("'", text,
                                                 "' is no time; write '2026-11-24T22:00' (UTC) or "
                                                 "'2026-11-24T22:00+01:00'"));
}

}  // namespace ovpnbroker::policy
