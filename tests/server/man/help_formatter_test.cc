#include "server/man/help_formatter.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_split.h"

namespace ovpnbroker::server {
namespace {

TEST(WrapText, BreaksAtBlanksOnly) {
  EXPECT_EQ(WrapText("one two three", 7), "one two\nthree");
  EXPECT_EQ(WrapText("one two three", 6), "one\ntwo\nthree");
  EXPECT_EQ(WrapText("a-word-too-long b", 5), "a-word-too-long\nb");
  EXPECT_EQ(WrapText("  one \n two ", 20), "one two");
  EXPECT_EQ(WrapText("", 20), "");
}

TEST(FillParagraphs, ExamplesAndBlankLines_StayAsTheyAre) {
  EXPECT_EQ(FillParagraphs("one two\nthree four\n\nExamples:\n  a long example\n", 10),
            "one two\nthree four\n\nExamples:\n  a long example\n");
  EXPECT_EQ(FillParagraphs("one\ntwo\n", 80), "one two\n");
}

TEST(HelpFormatter, LongDescriptions_AreWrappedBesideTheirColumn) {
  CLI::App app("A program.", "program");
  app.formatter(std::make_shared<HelpFormatter>());
  std::string value;
  const std::string words = "many words of a description that does not fit into one line of it";
  app.add_option("--option", value, words)->type_name("VALUE");
  app.add_subcommand("command", words);
  CLI::App* group = app.add_option_group("group", "Words");
  group->add_option("--other", value, words);
  const std::string help = app.help();
  for (const absl::string_view line : absl::StrSplit(help, '\n')) {
    EXPECT_LE(line.size(), kHelpWidth) << line;
  }
  const std::string indent(app.get_formatter()->get_column_width(), ' ');
  EXPECT_NE(help.find("\n" + indent + "into one line of it"), std::string::npos) << help;
}

}  // namespace
}  // namespace ovpnbroker::server
