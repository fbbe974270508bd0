// The parts of ovpn-brokerctl that make text: escaping, widths, tables, human numbers.
#include <gtest/gtest.h>

#include <chrono>
#include <clocale>
#include <sstream>
#include <string>

#include "server/ctl/escape.h"
#include "server/ctl/human.h"
#include "server/ctl/output.h"
#include "server/ctl/session_selection.h"
#include "server/ctl/table.h"
#include "server/ctl/top_model.h"

namespace ovpnbroker::ctl {
namespace {

class CtlText : public testing::Test {
 protected:
  CtlText() { setlocale(LC_CTYPE, "C.UTF-8"); }
};

TEST_F(CtlText, Escape_LeavesNothingThatMovesTheCursor) {
  EXPECT_EQ(Escape("alice M\xc3\xbcller"), "alice M\xc3\xbcller");
  EXPECT_EQ(Escape("\x1b[2J\n"), "\\x1b[2J\\x0a");
  EXPECT_EQ(Escape("a\xff"), "a\\xff");
  EXPECT_EQ(Escape("\xe2\x80\xae"
                   "cod"),
            "\\u{202e}cod");
  EXPECT_EQ(Escape("\xc2\x9b"), "\\u{9b}");
}

TEST_F(CtlText, EscapeLines_KeepsLineEndsAndNothingElse) {
  EXPECT_EQ(EscapeLines("one"), "one");
  EXPECT_EQ(EscapeLines("one:\ntwo\x1b[2J\r\nthree\n"), "one:\n  two\\x1b[2J\\x0d\n  three");
}

TEST_F(CtlText, DisplayWidth_CountsColumns) {
  EXPECT_EQ(DisplayWidth("abc"), 3U);
  EXPECT_EQ(DisplayWidth("M\xc3\xbcller"), 6U);
  EXPECT_EQ(DisplayWidth("\xe6\x9d\xb1\xe4\xba\xac"), 4U);
}

TEST_F(CtlText, Table_AlignsWideAndEmptyCells) {
  Table table({{"NAME"}, {"N", Table::Align::kRight}, {"LAST"}});
  table.AddRow({std::string("\xe6\x9d\xb1\xe4\xba\xac"), std::string("10"), std::string("x")});
  table.AddRow({std::string("longer"), std::string("7"), std::string()});
  std::ostringstream out;
  table.Print(out, /*colors=*/false);
  EXPECT_EQ(out.str(),
            "NAME     N  LAST\n"
            "\xe6\x9d\xb1\xe4\xba\xac    10  x\n"
            "longer   7  -\n");
}

TEST_F(CtlText, Table_ColorsDoNotShiftColumns) {
  Table table({{"STATE"}, {"X"}});
  table.AddRow({Cell("UP", Color::kGood), std::string("y")});
  std::ostringstream out;
  table.Print(out, /*colors=*/true);
  EXPECT_EQ(out.str(), "STATE  X\n\033[32mUP\033[0m     y\n");
}

TEST_F(CtlText, HumanDuration_ShowsTwoUnits) {
  EXPECT_EQ(HumanDuration(-5), "0s");
  EXPECT_EQ(HumanDuration(59), "59s");
  EXPECT_EQ(HumanDuration(60), "1m");
  EXPECT_EQ(HumanDuration(3 * 3600 + 4 * 60 + 5), "3h 4m");
  EXPECT_EQ(HumanDuration(86400 * 2 + 59), "2d");
}

TEST_F(CtlText, HumanBytes_ShowsBinaryUnits) {
  EXPECT_EQ(HumanBytes(1023), "1023 B");
  EXPECT_EQ(HumanBytes(1536), "1.5 KiB");
  EXPECT_EQ(HumanBytes(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(HumanBytes(~uint64_t{0}), "16.0 EiB");
}

TEST_F(CtlText, ExactTerm_EscapesWildcards) {
  EXPECT_EQ(ExactTerm("username", "a*\"\\?"), "username = \"a\\*\\\"\\\\\\?\"");
  EXPECT_EQ(PatternTerm("username", "CORP\\a*"), "username = \"CORP\\\\a*\"");
}

TEST_F(CtlText, Table_NarrowTerminal_DropsThenShortens) {
  using enum Table::Align;
  using enum Table::Keep;
  Table table(
      {{"ID"}, {"NAME"}, {"LONG", kLeft, kLong}, {"SHORT", kRight, kShort}, {"W", kLeft, kWide}});
  table.AddRow({std::string("7"), std::string("a-long-name"), std::string("x"), std::string("12"),
                std::string("w")});
  const auto print = [&table](size_t width, bool wide = false) {
    std::ostringstream out;
    table.Print(out, /*colors=*/false, width, wide);
    return out.str();
  };
  EXPECT_EQ(print(0), "ID  NAME         LONG  SHORT\n7   a-long-name  x        12\n");
  EXPECT_EQ(print(22), "ID  NAME         LONG\n7   a-long-name  x\n");
  EXPECT_EQ(print(15), "ID  NAME\n7   a-long-name\n");
  EXPECT_EQ(print(12), "ID  NAME\n7   a-long-\xe2\x80\xa6\n");
  EXPECT_EQ(print(12, true), "ID  NAME         LONG  SHORT  W\n7   a-long-name  x        12  w\n");
}

TEST_F(CtlText, JsonToYaml_KeepsTextText) {
  EXPECT_EQ(JsonToYaml(R"({"a": "7", "b": 7, "c": [], "d": {}, "e": [{"f": "no"}], "g": null})"),
            "a: \"7\"\nb: 7\nc: []\nd: {}\ne:\n  - f: \"no\"\ng: ~\n");
}

type::v1::Session TopSession(const std::string& uid, uint64_t received) {
  type::v1::Session session;
  session.set_uid(uid);
  session.set_username("user-" + uid);
  session.set_received_bytes(received);
  return session;
}

TEST_F(CtlText, Top_RateIsOverTheTimeBetweenCounts) {
  TopModel model;
  const TopModel::Time start;
  model.Update({TopSession("1", 1000)}, start);
  EXPECT_EQ(model.in_rate(), 0);
  model.Update({TopSession("1", 1000)}, start + std::chrono::seconds(2));
  model.Update({TopSession("1", 2000)}, start + std::chrono::seconds(4));
  EXPECT_EQ(model.in_rate(), 250);
  model.Update({TopSession("1", 2000)}, start + std::chrono::seconds(6));
  EXPECT_EQ(model.in_rate(), 250);
  model.Update({TopSession("1", 2000)}, start + std::chrono::seconds(40));
  EXPECT_EQ(model.in_rate(), 0);
}

TEST_F(CtlText, Top_SelectionStaysWithItsSession) {
  TopModel model;
  const TopModel::Time start;
  model.SetOrder(TopModel::Order::kReceived);
  model.Update({TopSession("1", 10), TopSession("2", 20), TopSession("3", 30)}, start);
  model.Move(1);
  ASSERT_EQ(model.selected()->session.uid(), "2");
  model.Update({TopSession("1", 10), TopSession("2", 50), TopSession("3", 30)}, start);
  EXPECT_EQ(model.selected()->session.uid(), "2");
  EXPECT_EQ(model.rows().front().session.uid(), "2");
  model.SetFilter("USER-3");
  EXPECT_EQ(model.selected()->session.uid(), "3");
  EXPECT_LE(model.Render(80, 2).size(), 2U);
  model.Update({}, start);
  EXPECT_EQ(model.selected(), nullptr);
}

}  // namespace
}  // namespace ovpnbroker::ctl
