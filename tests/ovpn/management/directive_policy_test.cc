#include "ovpn/management/directive_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/status_matchers.h"

namespace ovpnbroker::ovpn {
namespace {

using test::IsOkAndHolds;
using test::StatusIs;
using testing::ElementsAre;
using testing::HasSubstr;

auto Refused(const std::string& reason) {
  return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(reason));
}

TEST(DirectivePolicy, ByDefault_AdmitsNothing) {
  EXPECT_THAT(DirectivePolicy().Admit("vlan-pvid 5"), Refused("`vlan-pvid` is not on"));
}

TEST(DirectivePolicy, ListedOption_IsAdmittedInEverySpelling) {
  const DirectivePolicy policy = DirectivePolicy::Make({"vlan-pvid"}).value();
  for (const char* line : {"vlan-pvid 5", "  vlan-pvid   5 # five", "\"vlan-pvid\" '5'",
                           "--vlan-pvid 5", "\"--vlan-pvid\" 5"}) {
    EXPECT_THAT(policy.Admit(line), IsOkAndHolds(ElementsAre("vlan-pvid", "5"))) << line;
  }
  EXPECT_THAT(policy.Admit("Vlan-pvid 5"), Refused("not on"));
}

TEST(DirectivePolicy, NeverAllowedOption_IsRefusedInTheConfiguration) {
  EXPECT_THAT(DirectivePolicy::Make({"vlan-pvid", "config"}), Refused("`config`"));
  EXPECT_THAT(DirectivePolicy::Make({"disable"}), Refused("`disable`"));
  EXPECT_THAT(DirectivePolicy::Make({"END"}), Refused("`END`"));
  EXPECT_THAT(DirectivePolicy::Make({"--inactive"}), Refused("not the name"));
  EXPECT_THAT(DirectivePolicy::Make({"<ca>"}), Refused("not the name"));
  EXPECT_THAT(DirectivePolicy::Make({""}), Refused("not the name"));
}

TEST(DirectivePolicy, LineWithoutOption_IsRefused) {
  const DirectivePolicy policy = DirectivePolicy::Make({"vlan-pvid"}).value();
  for (const char* line : {"", "   ", "# vlan-pvid 5"}) {
    EXPECT_THAT(policy.Admit(line), Refused("no option")) << line;
  }
}

TEST(AdmitPushedOption, OptionLine_IsSplit) {
  EXPECT_THAT(AdmitPushedOption("setenv-safe X \"a b\""),
              IsOkAndHolds(ElementsAre("setenv-safe", "X", "a b")));
  EXPECT_THAT(AdmitPushedOption("block-outside-dns"),
              IsOkAndHolds(ElementsAre("block-outside-dns")));
}

TEST(AdmitPushedOption, WhatAClientWouldMisread_IsRefused) {
  EXPECT_THAT(AdmitPushedOption("setenv-safe X a,ping-exit"), Refused("comma"));
  EXPECT_THAT(AdmitPushedOption("setenv-safe X \"a, b\""), Refused("comma"));
  EXPECT_THAT(AdmitPushedOption("push-continuation 2"), Refused("OpenVPN's own"));
  EXPECT_THAT(AdmitPushedOption("--ping 5"), Refused("not the name"));
  EXPECT_THAT(AdmitPushedOption("\"route 10.0.0.0\""), Refused("not the name"));
  EXPECT_THAT(AdmitPushedOption("<ca>"), Refused("<"));
  EXPECT_THAT(AdmitPushedOption("setenv-safe X '<a>'"), Refused("<"));
  EXPECT_THAT(AdmitPushedOption("setenv-safe X \"a"), Refused("quote"));
  EXPECT_THAT(AdmitPushedOption("ping\t5"), Refused("0x09"));
  EXPECT_THAT(AdmitPushedOption(""), Refused("no option"));
}

}  // namespace
}  // namespace ovpnbroker::ovpn
