#include "ovpn/base/suggest.h"

#include <gtest/gtest.h>

namespace ovpnbroker::ovpn {
namespace {

constexpr absl::string_view kKnown[] = {"push_options", "push_remove", "push_reset", "dns",
                                        "routes"};

TEST(EditDistance, EachKindOfSlip_CountsOne) {
  EXPECT_EQ(EditDistance("routes", "routes"), 0U);
  EXPECT_EQ(EditDistance("routes", "route"), 1U);
  EXPECT_EQ(EditDistance("route", "routes"), 1U);
  EXPECT_EQ(EditDistance("rowtes", "routes"), 1U);
  EXPECT_EQ(EditDistance("ruotes", "routes"), 1U);
  EXPECT_EQ(EditDistance("Routes", "routes"), 0U);
  EXPECT_EQ(EditDistance("", "abc"), 3U);
  EXPECT_EQ(EditDistance("abc", ""), 3U);
}

TEST(NearestName, Typo_FindsTheNameThatWasMeant) {
  EXPECT_EQ(NearestName("pus_options", kKnown), "push_options");
  EXPECT_EQ(NearestName("push_opitons", kKnown), "push_options");
  EXPECT_EQ(NearestName("push_rest", kKnown), "push_reset");
  EXPECT_EQ(NearestName("dsn", kKnown), "dns");
  EXPECT_EQ(NearestName("ROUTES", kKnown), "routes");
}

TEST(NearestName, SomethingElse_FindsNothing) {
  EXPECT_EQ(NearestName("iroutes_ipv6", kKnown), std::nullopt);
  EXPECT_EQ(NearestName("abc", kKnown), std::nullopt);
  EXPECT_EQ(NearestName("", kKnown), std::nullopt);
  EXPECT_EQ(NearestName(std::string(1000, 'd'), kKnown), std::nullopt);
  EXPECT_EQ(NearestName("routes", {}), std::nullopt);
}

TEST(DidYouMean, NearName_MakesTheEndOfASentence) {
  EXPECT_EQ(DidYouMean("route", kKnown), "; did you mean 'routes'?");
  EXPECT_EQ(DidYouMean("unrelated", kKnown), "");
}

TEST(FormatPlace, Line_IsShownWithItsColumn) {
  EXPECT_EQ(FormatPlace("rules.yaml", 3, 7), "rules.yaml:3:7");
  EXPECT_EQ(FormatPlace("rules.yaml", 3, 0), "rules.yaml:3");
  EXPECT_EQ(FormatPlace("rules.yaml", 0, 0), "rules.yaml");
}

}  // namespace
}  // namespace ovpnbroker::ovpn
