// What docs/rules.md shows is valid: each yaml block is a rules file of its own.
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "ovpn/base/atomic_file.h"
#include "policy/rules/rule_parser.h"
#include "tests/support/source_dir.h"

namespace ovpnbroker::policy {
namespace {

constexpr size_t kMaxDocumentBytes = 1 << 20;

TEST(RulesDocument, Examples_AreValid) {
  const auto text = ovpn::ReadWholeFile(test::SourceDir() + "/docs/rules.md", kMaxDocumentBytes);
  ASSERT_TRUE(text.ok()) << text.status();
  int examples = 0;
  std::string block;
  bool inside = false;
  for (const absl::string_view line : absl::StrSplit(*text, '\n')) {
    if (line == "```yaml") {
      inside = true;
      block.clear();
    } else if (line == "```" && inside) {
      inside = false;
      ++examples;
      RuleReferences references;
      references.read_file = [](const std::string&, size_t) -> absl::StatusOr<std::string> {
        return "alice\n";
      };
      const auto rules = ParseRules(block, "example", references);
      EXPECT_TRUE(rules.ok()) << rules.status() << "\n" << block;
    } else if (inside) {
      absl::StrAppend(&block, line, "\n");
    }
  }
  EXPECT_FALSE(inside) << "the last example does not end";
  EXPECT_GT(examples, 0);
}

}  // namespace
}  // namespace ovpnbroker::policy
