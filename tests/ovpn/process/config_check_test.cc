#include "ovpn/process/config_check.h"

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::ovpn {
namespace {

using Severity = ConfigFinding::Severity;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Nothing in it is worth a finding.
constexpr char kGoodServer[] =
    "dev tun\n"
    "server 10.8.0.0 255.255.255.0\n"
    "auth-user-pass-optional\n";

class ConfigCheckTest : public ::testing::Test {
 protected:
  void Write(const std::string& name, const std::string& content) {
    std::ofstream(files_.File(name)) << content;
  }
  OpenvpnConfigSummary Check(const std::string& content) {
    Write("office.conf", content);
    return CheckOpenvpnConfig(files_.File("office.conf"), files_.path());
  }

  test::TempDir files_;
};

TEST_F(ConfigCheckTest, GoodServer_HasNoFinding) {
  const OpenvpnConfigSummary summary = Check(kGoodServer);
  EXPECT_THAT(summary.findings, IsEmpty());
  EXPECT_TRUE(summary.ok());
}

TEST_F(ConfigCheckTest, DirectivesThatFightTheBroker_AreFoundWithTheirLine) {
  const struct {
    const char* line;
    const char* directive;
    Severity severity;
  } cases[] = {
      {"management /run/m.sock unix", "management", Severity::kError},
      {"management-client", "management-client", Severity::kError},
      {"management-client-user nobody", "management-client-user", Severity::kError},
      {"management-query-passwords", "management-query-passwords", Severity::kError},
      {"management-signal", "management-signal", Severity::kError},
      {"management-external-key", "management-external-key", Severity::kError},
      {"daemon", "daemon", Severity::kError},
      {"daemon office", "daemon", Severity::kError},
      {"--daemon", "daemon", Severity::kError},
      {"\"daemon\"", "daemon", Severity::kError},
      {"setenv opt daemon", "daemon", Severity::kError},
      {"log /var/log/openvpn.log", "log", Severity::kError},
      {"log-append /var/log/openvpn.log", "log-append", Severity::kError},
      {"syslog", "syslog", Severity::kError},
      {"client-connect /etc/openvpn/connect.sh", "client-connect", Severity::kError},
      {"client-crresponse /etc/openvpn/cr.sh", "client-crresponse", Severity::kError},
      {"auth-user-pass-verify /etc/openvpn/auth.sh via-file", "auth-user-pass-verify",
       Severity::kError},
      {"plugin /usr/lib/openvpn/openvpn-plugin-auth-pam.so login", "plugin", Severity::kError},
      {"plugin /opt/duo_openvpn.so", "plugin", Severity::kError},
      {"remap-usr1 SIGTERM", "remap-usr1", Severity::kError},
      {"auth-gen-token", "auth-gen-token", Severity::kError},
      {"auth-gen-token 3600", "auth-gen-token", Severity::kError},
      {"auth-gen-token 3600 600", "auth-gen-token", Severity::kError},
      {"auth-gen-token external-auth", "auth-gen-token", Severity::kError},
      {"ccd-exclusive", "ccd-exclusive", Severity::kWarning},
      {"verb 0", "verb", Severity::kWarning},
  };
  for (const auto& c : cases) {
    const OpenvpnConfigSummary summary =
        Check(absl::StrCat(kGoodServer, "\n; a comment\n", c.line, "\nverb 3\n"));
    ASSERT_THAT(summary.findings, SizeIs(1)) << c.line;
    const ConfigFinding& finding = summary.findings[0];
    EXPECT_EQ(finding.directive, c.directive) << c.line;
    EXPECT_EQ(finding.line, 6) << c.line;
    EXPECT_EQ(finding.file, files_.File("office.conf"));
    EXPECT_EQ(finding.severity, c.severity) << c.line;
    EXPECT_FALSE(finding.message.empty());
    EXPECT_EQ(summary.ok(), c.severity == Severity::kWarning);
  }
}

TEST_F(ConfigCheckTest, HarmlessDirectives_AreNotFound) {
  for (const char* line :
       {"management-hold", "management-client-auth", "management-log-cache 100",
        "client-disconnect /etc/openvpn/bye.sh", "writepid /run/office.pid", "remap-usr1 SIGHUP",
        "plugin /usr/lib/openvpn/openvpn-plugin-down-root.so \"stop\"",
        "auth-gen-token 3600 external-auth", "auth-gen-token 3600 600 external-auth", "verb 3",
        "suppress-timestamps", "machine-readable-output", "# daemon", ";daemon", "  # daemon",
        "push \"daemon\"", "setenv daemon 1", "echo daemon", "tls-verify /etc/openvpn/tls.sh"}) {
    EXPECT_THAT(Check(absl::StrCat(kGoodServer, line, "\n")).findings, IsEmpty()) << line;
  }
}

TEST_F(ConfigCheckTest, ContentOfInlineBlocks_IsNotReadAsDirectives) {
  const OpenvpnConfigSummary summary = Check(absl::StrCat(
      kGoodServer, "<ca>\ndaemon\nlog x\n  </ca>\n<key>\n'unbalanced\n</key>\nsyslog\n"));
  ASSERT_THAT(summary.findings, SizeIs(1));
  EXPECT_EQ(summary.findings[0].directive, "syslog");
  EXPECT_EQ(summary.findings[0].line, 11);
}

TEST_F(ConfigCheckTest, InlineBlockOfAForbiddenDirective_IsFound) {
  const OpenvpnConfigSummary summary = Check(absl::StrCat(kGoodServer, "<plugin>\nx\n</plugin>\n"));
  ASSERT_THAT(summary.findings, SizeIs(1));
  EXPECT_EQ(summary.findings[0].directive, "plugin");
}

TEST_F(ConfigCheckTest, WhatOpenvpnCannotRead_IsAnErrorWithItsLine) {
  const struct {
    std::string line;
    const char* message;
  } cases[] = {
      {"push \"route 10.0.0.0", "no closing double quote"},
      {"push 'route", "no closing single quote"},
      {"up c:\\windows", "backslash"},
      {"<ca>\nno end", "has no end"},
      {absl::StrCat("echo ", std::string(251, 'x')), "more than 255 bytes"},
      {"config missing.conf", "missing.conf"},
      {"config .", "not a regular file"},
      {"config office.conf", "circle"},
  };
  for (const auto& c : cases) {
    const OpenvpnConfigSummary summary = Check(absl::StrCat("dev tun\n", c.line, "\n"));
    ASSERT_THAT(summary.findings, ::testing::Not(IsEmpty())) << c.line;
    EXPECT_EQ(summary.findings[0].line, 2) << c.line;
    EXPECT_THAT(summary.findings[0].message, HasSubstr(c.message));
    EXPECT_FALSE(summary.ok());
  }
}

TEST_F(ConfigCheckTest, LineOfTheLongestPossibleLength_IsRead) {
  // 255 bytes with the newline, as OpenVPN counts.
  EXPECT_TRUE(Check(absl::StrCat(kGoodServer, "echo ", std::string(249, 'x'), "\n")).ok());
}

TEST_F(ConfigCheckTest, NestedFiles_AreReadInPlaceWithTheirOwnLines) {
  Write("extra.conf", "\n\ndaemon\n");
  Write("server.conf", "server 10.8.0.0 255.255.255.0\nconfig extra.conf\n");
  const OpenvpnConfigSummary summary =
      Check("auth-user-pass-optional\nconfig server.conf\nlog x\n");
  ASSERT_THAT(summary.findings, SizeIs(2));
  EXPECT_EQ(summary.findings[0].ToString(),
            absl::StrCat("extra.conf:3: daemon: ", summary.findings[0].message));
  EXPECT_EQ(summary.findings[1].line, 3);
}

TEST_F(ConfigCheckTest, CdBeforeNestedFile_ChangesWhereItIsFound) {
  const test::TempDir other;
  std::ofstream(other.File("extra.conf")) << "daemon\n";
  const OpenvpnConfigSummary summary =
      Check(absl::StrCat(kGoodServer, "cd ", other.path(), "\nconfig extra.conf\n"));
  ASSERT_THAT(summary.findings, SizeIs(1));
  EXPECT_EQ(summary.findings[0].file, "extra.conf");
}

TEST_F(ConfigCheckTest, NoServer_IsAnError) {
  for (const char* config : {"client\nremote x 1194\n", "dev tun\nmode p2p\n", ""}) {
    const OpenvpnConfigSummary summary = Check(config);
    ASSERT_THAT(summary.findings, SizeIs(1)) << config;
    EXPECT_EQ(summary.findings[0].line, 0);
    EXPECT_EQ(summary.findings[0].directive, "server");
    EXPECT_FALSE(summary.ok());
  }
}

TEST_F(ConfigCheckTest, EveryWayToBeAServer_IsAccepted) {
  for (const char* line : {"server 10.8.0.0 255.255.255.0", "server-ipv6 fd00::/64",
                           "server-bridge", "mode server\ntls-server"}) {
    EXPECT_TRUE(Check(line).ok()) << line;
  }
}

TEST_F(ConfigCheckTest, NoAuthUserPassOptional_IsAWarning) {
  const OpenvpnConfigSummary summary = Check("server 10.8.0.0 255.255.255.0\n");
  ASSERT_THAT(summary.findings, SizeIs(1));
  EXPECT_EQ(summary.findings[0].severity, Severity::kWarning);
  EXPECT_EQ(summary.findings[0].directive, "auth-user-pass-optional");
  EXPECT_TRUE(summary.ok());
}

TEST_F(ConfigCheckTest, FileMissing_IsAnErrorThatNamesIt) {
  const OpenvpnConfigSummary summary = CheckOpenvpnConfig(files_.File("none.conf"), "/");
  ASSERT_THAT(summary.findings, SizeIs(1));
  EXPECT_THAT(summary.findings[0].ToString(), HasSubstr(files_.File("none.conf")));
  EXPECT_FALSE(summary.ok());
}

TEST_F(ConfigCheckTest, AllErrors_AreToldAtOnceInOrder) {
  const OpenvpnConfigSummary summary = Check("daemon\nlog x\nsyslog\n");
  ASSERT_THAT(summary.findings, SizeIs(4));
  EXPECT_EQ(summary.findings[0].directive, "daemon");
  EXPECT_EQ(summary.findings[2].directive, "syslog");
  EXPECT_EQ(summary.findings[3].directive, "server");
}

TEST_F(ConfigCheckTest, NothingSet_SummaryHasOpenvpnsDefaults) {
  const OpenvpnConfigSummary summary = Check(kGoodServer);
  EXPECT_EQ(summary.hand_window_seconds, 60);
  EXPECT_EQ(summary.reneg_seconds, 3600);
  EXPECT_EQ(summary.status_version, 1);
  EXPECT_EQ(summary.verbosity, 1);
  EXPECT_EQ(summary.dev, "tun");
  EXPECT_EQ(summary.explicit_exit_notify, std::nullopt);
  EXPECT_TRUE(summary.client_certificate_required);
  EXPECT_TRUE(summary.auth_user_pass_optional);
  EXPECT_FALSE(summary.duplicate_cn || summary.username_as_common_name || summary.has_keepalive ||
               summary.auth_gen_token);
}

TEST_F(ConfigCheckTest, EverythingSet_LastLineWins) {
  const OpenvpnConfigSummary summary = Check(absl::StrCat(
      "\xEF\xBB\xBF", "hand-window 10\r\nhand-window 30\r\nreneg-sec 7200 3600\n", kGoodServer,
      "dev tun7\nproto tcp-server\ntopology subnet\nexplicit-exit-notify\n"
      "verify-client-cert none\nkeepalive 10 60\nduplicate-cn\n"
      "username-as-common-name\nauth-gen-token 0 external-auth\nstatus-version 2\nverb 4\n"));
  EXPECT_THAT(summary.findings, IsEmpty());
  EXPECT_EQ(summary.hand_window_seconds, 30);
  EXPECT_EQ(summary.reneg_seconds, 7200);
  EXPECT_EQ(summary.status_version, 2);
  EXPECT_EQ(summary.verbosity, 4);
  EXPECT_EQ(summary.dev, "tun7");
  EXPECT_EQ(summary.proto, "tcp-server");
  EXPECT_EQ(summary.topology, "subnet");
  EXPECT_EQ(summary.explicit_exit_notify, 1);
  EXPECT_FALSE(summary.client_certificate_required);
  EXPECT_TRUE(summary.duplicate_cn && summary.username_as_common_name && summary.has_keepalive &&
              summary.auth_gen_token);
}

TEST_F(ConfigCheckTest, NumbersAreReadAsOpenvpnReadsThem) {
  EXPECT_EQ(Check("reneg-sec -5\n").reneg_seconds, 0);
  EXPECT_EQ(Check("reneg-sec abc\n").reneg_seconds, 0);
  EXPECT_EQ(Check("hand-window 30s\n").hand_window_seconds, 30);
}

}  // namespace
}  // namespace ovpnbroker::ovpn
