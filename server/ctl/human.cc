#include "server/ctl/human.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace ovpnbroker::ctl {

std::string HumanDuration(int64_t seconds) {
  struct Unit {
    int64_t seconds;
    const char* name;
  };
  constexpr std::array<Unit, 4> kUnits = {{{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}}};
  seconds = std::max<int64_t>(seconds, 0);
  size_t unit = 0;
  while (unit + 1 < kUnits.size() && seconds < kUnits[unit].seconds) ++unit;
  std::string text = absl::StrCat(seconds / kUnits[unit].seconds, kUnits[unit].name);
  if (unit + 1 == kUnits.size()) return text;
  const int64_t rest = seconds % kUnits[unit].seconds / kUnits[unit + 1].seconds;
  if (rest != 0) absl::StrAppend(&text, " ", rest, kUnits[unit + 1].name);
  return text;
}

std::string HumanBytes(uint64_t bytes) {
  constexpr uint64_t kStep = 1024;
  constexpr std::array<const char*, 6> kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < kStep) return absl::StrCat(bytes, " B");
  // From here a value would be printed as 1024.0 of the smaller unit.
  constexpr double kLimit = 1023.95;
  double value = static_cast<double>(bytes) / kStep;
  size_t unit = 0;
  while (value >= kLimit && unit + 1 < kUnits.size()) {
    value /= kStep;
    ++unit;
  }
  return absl::StrFormat("%.1f %s", value, kUnits[unit]);
}

std::string HumanAge(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0) return "";
  return HumanDuration(std::time(nullptr) - time.seconds());
}

std::string HumanMillis(const google::protobuf::Duration& duration) {
  constexpr double kMillisPerSecond = 1e3;
  constexpr double kNanosPerMilli = 1e6;
  constexpr double kExactBelow = 10;
  const double millis = static_cast<double>(duration.seconds()) * kMillisPerSecond +
                        static_cast<double>(duration.nanos()) / kNanosPerMilli;
  return millis < kExactBelow ? absl::StrFormat("%.2f ms", millis)
                              : absl::StrFormat("%.1f ms", millis);
}

std::string HumanTime(const google::protobuf::Timestamp& time) {
  const auto seconds = static_cast<std::time_t>(time.seconds());
  std::tm utc = {};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> text = {};
  const size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &utc);
  return std::string(text.data(), size);
}

}  // namespace ovpnbroker::ctl
