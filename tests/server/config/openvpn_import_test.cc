// What an import makes of servers' files, and that the broker takes it.
#include "server/config/openvpn_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "server/config/config_loader.h"
#include "server/config/finding.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::server {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr char kServer[] = "server 10.8.0.0 255.255.255.0\ndev tun\nauth-user-pass-optional\n";

class ImportTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(dir_.File(name)) << text;
    return dir_.File(name);
  }

  // The findings of the daemon's check of what the import writes.
  std::vector<Finding> Check(const Import& import, bool ccd_as_rules = false) {
    Write("rules.yaml", ImportedRules(import));
    return LoadConfig(Write("broker.yaml", ImportedConfig(import, ccd_as_rules, "rules.yaml")))
        .findings;
  }

  test::TempDir dir_;
};

auto At(int line, const std::string& message) {
  return AllOf(Field(&ovpn::ConfigFinding::line, line),
               Field(&ovpn::ConfigFinding::message, HasSubstr(message)));
}

TEST_F(ImportTest, PlainServers_BecomeAConfigurationWithoutErrors) {
  const Import import = ImportServers({Write("Head_Office.conf", kServer),
                                       Write("branch.conf", absl::StrCat(kServer, "port 1195\n"))},
                                      false);
  ASSERT_THAT(import.servers, SizeIs(2));
  EXPECT_EQ(import.servers[0].instance, "head-office");
  EXPECT_TRUE(import.servers[0].ok());
  EXPECT_THAT(Check(import), IsEmpty());
  EXPECT_THAT(ImportedRules(import), AllOf(HasSubstr("allow"), Not(HasSubstr("deny"))));
}

TEST_F(ImportTest, SameName_GetsANumber) {
  const std::string first = Write("office.conf", kServer);
  std::filesystem::create_directory(dir_.File("other"));
  const Import import = ImportServers({first, Write("other/office.conf", kServer)}, false);
  ASSERT_THAT(import.servers, SizeIs(2));
  EXPECT_EQ(import.servers[1].instance, "office-2");
}

TEST_F(ImportTest, NameOfManyBytes_IsCutToWhatANameMayHave) {
  const std::string name(50, 'x');
  std::filesystem::create_directory(dir_.File("other"));
  const Import import = ImportServers(
      {Write(name + ".conf", kServer), Write("other/" + name + ".conf", kServer)}, false);
  ASSERT_THAT(import.servers, SizeIs(2));
  EXPECT_EQ(import.servers[1].instance, std::string(30, 'x') + "-2");
  EXPECT_THAT(Check(import), IsEmpty());
}

TEST_F(ImportTest, ClientsAndMissingFiles_AreLeftOut) {
  const Import import = ImportServers(
      {Write("home.conf", "client\ndev tun\nremote vpn.example.com\n"), dir_.File("none.conf")},
      false);
  EXPECT_THAT(import.servers, IsEmpty());
  EXPECT_THAT(import.left_out, ElementsAre(HasSubstr("not a server's"), HasSubstr("no such file")));
}

TEST_F(ImportTest, Conflicts_AreToldWithLineAndRemedy) {
  const Import import = ImportServers(
      {Write("office.conf", absl::StrCat(kServer, "management /run/m.sock unix\n",
                                         "client-connect /etc/connect.sh\n", "user nobody\n",
                                         "status /etc/openvpn/status.log\n"))},
      false);
  ASSERT_THAT(import.servers, SizeIs(1));
  EXPECT_FALSE(import.servers[0].ok());
  EXPECT_THAT(
      import.servers[0].findings,
      AllOf(Contains(At(4, "remove this line")), Contains(At(5, "remove this line")),
            Contains(At(6, "run-as-root.conf")), Contains(At(7, "below /var/lib/ovpn-broker"))));
}

TEST_F(ImportTest, PasswordsThatAScriptJudged_LetNobodyIn) {
  for (const char* line : {"auth-user-pass-verify /etc/check.sh via-env",
                           "plugin /usr/lib/openvpn/openvpn-plugin-auth-pam.so login"}) {
    const Import import = ImportServers(
        {Write("office.conf", absl::StrCat(kServer, "script-security 3\n", line, "\n"))}, false);
    ASSERT_THAT(import.servers, SizeIs(1));
    EXPECT_THAT(import.servers[0].password_check, HasSubstr("office.conf:5"));
    EXPECT_THAT(ImportedRules(import), AllOf(HasSubstr("deny"), Not(HasSubstr("allow"))));
  }
}

TEST_F(ImportTest, ServerWithoutCertificatesOrPasswords_LetsNobodyIn) {
  const Import import = ImportServers(
      {Write("office.conf", absl::StrCat(kServer, "verify-client-cert none\n"))}, false);
  EXPECT_THAT(ImportedRules(import), AllOf(HasSubstr("deny"), Not(HasSubstr("allow"))));
}

TEST_F(ImportTest, ClientConfigDir_StaysOrBecomesAPolicy) {
  std::filesystem::create_directory(dir_.File("ccd"));
  const std::string file =
      Write("office.conf", absl::StrCat(kServer, "client-config-dir ccd\nccd-exclusive\n"));
  const Import stays = ImportServers({file}, false);
  EXPECT_THAT(ImportedConfig(stays, false, "rules.yaml"), Not(HasSubstr("ccd:")));

  const Import moved = ImportServers({file}, true);
  EXPECT_THAT(moved.servers[0].findings, Contains(At(4, "remove this line")));
  Write("office.conf", kServer);  // as an operator does who reads that
  EXPECT_THAT(Check(moved, true), IsEmpty());
  EXPECT_THAT(ImportedConfig(moved, true, "rules.yaml"),
              AllOf(HasSubstr(absl::StrCat("ccd: \"", dir_.File("ccd"), "\"")),
                    HasSubstr("ccd_exclusive: true")));
}

TEST_F(ImportTest, ShortHandWindow_ShortensTheDecision) {
  const Import import =
      ImportServers({Write("office.conf", absl::StrCat(kServer, "hand-window 4\n"))}, false);
  EXPECT_THAT(Check(import), IsEmpty());
}

TEST_F(ImportTest, NameWithQuotes_StaysInItsString) {
  const Import import = ImportServers({Write("a\"b: [c].conf", kServer)}, false);
  ASSERT_THAT(import.servers, SizeIs(1));
  EXPECT_EQ(import.servers[0].instance, "a-b---c-");
  EXPECT_THAT(Check(import), IsEmpty());
}

}  // namespace
}  // namespace ovpnbroker::server
