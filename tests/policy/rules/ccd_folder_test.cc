// A client-config-dir as rules: whose file decides, and what is no file of a client.
#include "policy/rules/ccd_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "policy/rules/rules_policy.h"
#include "tests/support/auth_request_builder.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::policy {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class CcdFolder : public testing::Test {
 protected:
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.File(name)) << text;
  }

  std::shared_ptr<const RuleSet> Load(bool exclusive = false) {
    auto rules = LoadCcdFolder(folder_.path(), exclusive);
    EXPECT_TRUE(rules.ok()) << rules.status();
    return *std::move(rules);
  }

  std::string Error() {
    return std::string(LoadCcdFolder(folder_.path(), false).status().message());
  }

  static ovpn::AuthRequest RequestOf(const std::string& common_name) {
    return test::MakeAuthRequest(test::Key(1, 1), ovpn::AuthKind::kConnect,
                                 test::ClientNamed(common_name));
  }

  // The name of the rule that decides.
  static std::string RuleFor(const RuleSet& rules, const std::string& common_name) {
    const ovpn::AuthRequest request = RequestOf(common_name);
    const Rule* const rule = rules.Match(request);
    EXPECT_EQ(rules.FirstFailedCondition(*rule, request), "");
    return rule->name;
  }

  static bool Allows(const RuleSet& rules, const std::string& common_name) {
    const std::string name = RuleFor(rules, common_name);
    for (const Rule& rule : rules.rules()) {
      if (rule.name == name) return std::holds_alternative<ovpn::Allow>(rule.effect);
    }
    return false;
  }

  test::TempDir folder_;
};

TEST_F(CcdFolder, CommonName_GetsItsFileOrDefault) {
  Write("alice", "push a\n");
  Write("DEFAULT", "disable\n");
  const auto rules = Load();
  EXPECT_EQ(RuleFor(*rules, "alice"), "alice");
  EXPECT_EQ(RuleFor(*rules, "bob"), "DEFAULT");
  EXPECT_EQ(RuleFor(*rules, "DEFAULT"), "DEFAULT");
  EXPECT_TRUE(Allows(*rules, "alice"));
  EXPECT_FALSE(Allows(*rules, "bob"));
}

TEST_F(CcdFolder, NoDefaultFile_AllowsPlainly) {
  const auto rules = Load();
  EXPECT_EQ(RuleFor(*rules, "bob"), "/no-file");
  EXPECT_TRUE(Allows(*rules, "bob"));
}

TEST_F(CcdFolder, Exclusive_DeniesWhoHasNoFile) {
  Write("alice", "");
  Write("DEFAULT", "");
  const auto rules = Load(true);
  EXPECT_TRUE(Allows(*rules, "alice"));
  EXPECT_FALSE(Allows(*rules, "bob"));
  EXPECT_FALSE(Allows(*rules, "DEFAULT"));
  EXPECT_NE(rules->revision(), Load(false)->revision());
}

TEST_F(CcdFolder, NoCommonName_IsDenied) {
  Write("UNDEF", "");
  Write("DEFAULT", "");
  EXPECT_EQ(RuleFor(*Load(), ""), "/no-common-name");
  EXPECT_FALSE(Allows(*Load(), ""));
}

TEST_F(CcdFolder, Names_AreLookedUpAsOpenvpnDoes) {
  EXPECT_EQ(CcdFileName("a/b\x01\x7f c:*\xc3\xa9"), "a_b__ c:*\xc3\xa9");
  EXPECT_EQ(CcdFileName("."), "");
  EXPECT_EQ(CcdFileName(".."), "");
  Write("a_b", "");
  const auto rules = Load(true);
  EXPECT_TRUE(Allows(*rules, "a/b"));
  EXPECT_TRUE(Allows(*rules, "a_b"));
  EXPECT_FALSE(Allows(*rules, "a_c"));
  EXPECT_FALSE(Allows(*rules, "A_b"));
  EXPECT_FALSE(Allows(*rules, ".."));
}

TEST_F(CcdFolder, Errors_OfAllFilesAreToldAtOnce) {
  Write("alice", "iroute x\ncomp-lzo\n");
  Write("bob", "\nnope\n");
  Write("c\x01", "");
  mkdir(folder_.File("old").c_str(), 0700);
  mkfifo(folder_.File("pipe").c_str(), 0600);
  std::filesystem::create_symlink("gone", folder_.File("link"));
  EXPECT_THAT(Error(), AllOf(HasSubstr("/alice:1: iroute: 'x'"), HasSubstr("/alice:2: comp-lzo: "),
                             HasSubstr("/bob:2: nope: "), HasSubstr("/c\\x01: no common name"),
                             HasSubstr("/old: is a folder"), HasSubstr("/pipe is not a regular"),
                             HasSubstr("/link: cannot read")));
}

TEST_F(CcdFolder, ManyErrors_EndTheReading) {
  for (int i = 0; i < 200; ++i) Write(absl::StrCat("client", i), "nope\n");
  EXPECT_THAT(Error(), HasSubstr("there are more errors"));
}

TEST_F(CcdFolder, FoldersWithADot_ArePassedOver) {
  mkdir(folder_.File(".git").c_str(), 0700);
  EXPECT_FALSE(Allows(*Load(true), ".git"));
}

TEST_F(CcdFolder, FolderThatIsNotThere_IsNotFound) {
  const auto rules = LoadCcdFolder(folder_.File("gone"), false);
  EXPECT_EQ(rules.status().code(), absl::StatusCode::kNotFound) << rules.status();
}

TEST_F(CcdFolder, Policy_NamesTheFileInItsReply) {
  Write("alice", "push a\n");
  RulesPolicy policy("ccd", Load());
  const ovpn::AuthRequest request = RequestOf("alice");
  const ovpn::DecisionId id = "d1";
  std::optional<PolicyReply> answer;
  policy.Ask({id, 1, request, std::chrono::seconds(5)},
             [&answer](PolicyReply reply) { answer = std::move(reply); });
  ASSERT_EQ(answer->audit_annotations.size(), 1U);
  EXPECT_EQ(answer->audit_annotations[0],
            std::make_pair(std::string("rule"), std::string("alice")));
}

TEST_F(CcdFolder, ManyFiles_AreFoundByName) {
  constexpr int kFiles = 1'000;
  for (int i = 0; i < kFiles; ++i) {
    Write(absl::StrCat("client-", i),
          absl::StrCat("ifconfig-push 10.8.", i / 250, ".", i % 250 + 1, " 255.255.0.0\n"));
  }
  const auto rules = Load(true);
  EXPECT_EQ(RuleFor(*rules, "client-999"), "client-999");
  EXPECT_EQ(RuleFor(*rules, "client-1000"), "/no-file");
}

}  // namespace
}  // namespace ovpnbroker::policy
