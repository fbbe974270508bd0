#include "ovpn/base/append_decimal.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace ovpnbroker::ovpn {
namespace {

TEST(AppendDecimal, LongestNumbers_StandBehindTheText) {
  std::string text = "a ";
  AppendDecimal(std::numeric_limits<uint64_t>::max(), text);
  AppendDecimal(std::numeric_limits<int64_t>::min(), text);
  AppendDecimal(uint32_t{0}, text);
  EXPECT_EQ(text, "a 18446744073709551615-92233720368547758080");
}

}  // namespace
}  // namespace ovpnbroker::ovpn
