#include "server/config/config_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/support/source_dir.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_pki.h"

namespace ovpnbroker::server {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A directory with all files that a good configuration names.
class ConfigCheck : public testing::Test {
 protected:
  ConfigCheck() {
    Write("openvpn", "");
    Write("rules.yaml", "");
    Write("office.conf",
          "dev tun\nserver 10.8.0.0 255.255.255.0\ntopology subnet\nca c\ncert c\nkey k\ndh none\n"
          "auth-user-pass-optional\nkeepalive 10 60\n");
    std::filesystem::copy(dir_.File("office.conf"), dir_.File("home.conf"));
  }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(dir_.File(name)) << text;
  }

  // The errors of a good configuration in which `from` is replaced by `to`, without the directory.
  std::vector<std::string> Errors(const std::string& from, const std::string& to) {
    return Findings(Finding::Severity::kError, from, to);
  }

  std::vector<std::string> Findings(Finding::Severity severity, const std::string& from,
                                    const std::string& to) {
    const std::string good =
        "runtime_directory: run\n"
        "instances:\n"
        "  - name: office\n"
        "    config: office.conf\n"
        "    openvpn: openvpn\n"
        "    policy: staff\n"
        "  - name: home\n"
        "    config: home.conf\n"
        "    openvpn: openvpn\n"
        "    policy: staff\n"
        "policies:\n"
        "  - name: staff\n"
        "    rules: {file: rules.yaml}\n";
    Write("b.yaml", absl::StrReplaceAll(good, {{from, to}}));
    std::vector<std::string> errors;
    for (const Finding& finding : LoadConfig(dir_.File("b.yaml")).findings) {
      if (finding.severity != severity) continue;
      errors.push_back(absl::StrReplaceAll(finding.ToString(), {{dir_.path() + "/", ""}}));
    }
    return errors;
  }

  test::TempDir dir_;
};

TEST_F(ConfigCheck, GoodFile_HasNoErrors) { EXPECT_THAT(Errors("#", "#"), IsEmpty()); }

TEST_F(ConfigCheck, UnknownPolicy_SuggestsTheNearest) {
  EXPECT_THAT(Errors("home.conf\n    openvpn: openvpn\n    policy: staff",
                     "home.conf\n    openvpn: openvpn\n    policy: stuff"),
              ElementsAre("b.yaml:10:13: error: instances[1].policy: there is no policy \"stuff\" "
                          "in 'policies'; did you mean 'staff'?"));
}

TEST_F(ConfigCheck, SameName_NamesTheOther) {
  EXPECT_THAT(Errors("name: home", "name: office"),
              Contains("b.yaml:7:11: error: instances[1].name: name \"office\" is taken by "
                       "instances[0].name (line 3)"));
}

TEST_F(ConfigCheck, SameConfig_IsRefused) {
  EXPECT_THAT(Errors("config: home.conf", "config: office.conf"),
              ElementsAre(HasSubstr("b.yaml:8:13: error: instances[1].config: configuration")));
}

TEST_F(ConfigCheck, PoolThatOpenvpnHandsOutToo_IsAWarningAtItsLine) {
  const std::string pool =
      "address_pools:\n  - name: staff\n    ipv4: {network: 10.8.0.0/24, first: 10.8.0.200, last: "
      "10.8.0.240}\ninstances:";
  EXPECT_THAT(Findings(Finding::Severity::kWarning, "instances:", pool),
              Contains("office.conf:2: warning: server: OpenVPN itself hands out 10.8.0.2 to "
                       "10.8.0.254, which overlaps the address pool \"staff\": write `nopool`, or "
                       "choose other addresses"));
  Write("office.conf", "dev tun\nserver 10.8.0.0 255.255.255.0 nopool\nauth-user-pass-optional\n");
  Write("home.conf", "dev tun\nserver 10.9.0.0 255.255.255.0\nauth-user-pass-optional\n");
  EXPECT_THAT(Findings(Finding::Severity::kWarning, "instances:", pool), IsEmpty());
}

TEST_F(ConfigCheck, ClientConfigDirThatThePolicyReadsToo_IsRefused) {
  std::filesystem::create_directory(dir_.File("ccd"));
  std::filesystem::create_directory(dir_.File("other"));
  Write("office.conf",
        "dev tun\nserver 10.8.0.0 255.255.255.0\nauth-user-pass-optional\nclient-config-dir ccd\n");
  EXPECT_THAT(
      Errors("file: rules.yaml", "ccd: ccd"),
      ElementsAre("b.yaml:6:13: error: instances[0].policy: policy \"staff\" reads ccd, and "
                  "so does OpenVPN: take `client-config-dir` out of office.conf"));
  EXPECT_THAT(Errors("file: rules.yaml", "ccd: other"), IsEmpty());
}

TEST_F(ConfigCheck, MissingRulesFile_IsAnError) {
  EXPECT_THAT(Errors("rules.yaml", "nope.yaml"),
              ElementsAre("b.yaml:13:19: error: policies[0].rules.file: nope.yaml: No such file or "
                          "directory"));
}

TEST_F(ConfigCheck, ClientConfigDir_MustBeAFolder) {
  EXPECT_THAT(Errors("rules: {file: rules.yaml}", "rules: {ccd: '.', ccd_exclusive: true}"),
              IsEmpty());
  EXPECT_THAT(
      Errors("rules: {file: rules.yaml}", "rules: {ccd: rules.yaml}"),
      ElementsAre("b.yaml:13:18: error: policies[0].rules.ccd: rules.yaml: is not a folder"));
}

TEST_F(ConfigCheck, RulesSource_IsExactlyOne) {
  EXPECT_THAT(Errors("rules: {file: rules.yaml}", "rules: {}"),
              ElementsAre("b.yaml:13:12: error: policies[0].rules: needs 'file' or 'ccd'"));
  EXPECT_THAT(Errors("rules: {file: rules.yaml}", "rules: {file: rules.yaml, ccd: '.'}"),
              ElementsAre(HasSubstr("policies[0].rules.ccd: excludes 'file'")));
  EXPECT_THAT(Errors("rules: {file: rules.yaml}", "rules: {file: rules.yaml, ccd_exclusive: true}"),
              ElementsAre("b.yaml:13:46: error: policies[0].rules.ccd_exclusive: says nothing "
                          "without 'ccd'"));
}

TEST_F(ConfigCheck, MissingOpenvpnConfig_IsToldOnce) {
  EXPECT_THAT(
      Errors("home.conf", "nope.conf"),
      ElementsAre("b.yaml:8:13: error: instances[1].config: nope.conf: No such file or directory"));
}

TEST_F(ConfigCheck, AttemptLongerThanDecision_IsAnError) {
  EXPECT_THAT(Errors("name: home", "name: home\n    decision: {timeout: 1s, attempt_timeout: 2s}"),
              ElementsAre("b.yaml:8:46: error: instances[1].decision.attempt_timeout: must not be "
                          "longer than decision.timeout (1s)"));
}

TEST_F(ConfigCheck, DecisionLongerThanHandWindow_IsAnError) {
  EXPECT_THAT(Errors("name: home", "name: home\n    decision: {timeout: 60s}"),
              ElementsAre(AllOf(HasSubstr("b.yaml:8:25: error: instances[1].decision.timeout: "),
                                HasSubstr("hand-window of 60 s"))));
}

TEST_F(ConfigCheck, BrokenSeconds_AreRefusedWhereOpenvpnCountsSeconds) {
  EXPECT_THAT(Errors("name: home",
                     "name: home\n    bytecount_interval: 1500ms\n    failure: {retry_backoff: "
                     "500ms}"),
              ElementsAre("b.yaml:8:25: error: instances[1].bytecount_interval: must be whole "
                          "seconds",
                          "b.yaml:9:30: error: instances[1].failure.retry_backoff: must be whole "
                          "seconds: clients read it so"));
}

TEST_F(ConfigCheck, LongSocketPath_IsAnError) {
  EXPECT_THAT(Errors("runtime_directory: run", "runtime_directory: /" + std::string(100, 'r')),
              Contains(AllOf(HasSubstr("admin.socket"), HasSubstr("at most 107"))));
}

TEST_F(ConfigCheck, SharedSocket_IsAnError) {
  EXPECT_THAT(Errors("name: home", "name: home\n    management: {unix: run/admin.sock}"),
              ElementsAre(HasSubstr("b.yaml:8:24: error: instances[1].management.unix: socket")));
}

TEST_F(ConfigCheck, TcpWithoutInsecure_IsAnError) {
  EXPECT_THAT(Errors("rules: {file: rules.yaml}", "remote: {addresses: ['127.0.0.1:50051']}"),
              ElementsAre(HasSubstr("b.yaml:13:26: error: policies[0].remote.addresses[0]: TCP to "
                                    "\"127.0.0.1:50051\" is not encrypted")));
}

TEST_F(ConfigCheck, TcpOffLoopback_IsAnErrorEvenWithInsecure) {
  EXPECT_THAT(Errors("rules: {file: rules.yaml}",
                     "remote: {addresses: ['192.0.2.1:50051'], insecure: true}"),
              ElementsAre(HasSubstr("is not a loopback address")));
}

TEST_F(ConfigCheck, PasswordsOverPlainTcp_AreAnError) {
  EXPECT_THAT(
      Errors("rules: {file: rules.yaml}",
             "remote: {addresses: ['127.0.0.1:50051'], insecure: true, grant_password: true}"),
      ElementsAre(AllOf(HasSubstr("b.yaml:13:"), HasSubstr("policies[0].remote.grant_password"),
                        HasSubstr("passwords go over unix sockets or TLS only"))));
}

TEST_F(ConfigCheck, TlsFiles_AreReadAndEachIsNamed) {
  const test::TestPki pki(dir_.path());
  pki.MakeCa("ca");
  pki.Issue("ca", "broker", "DNS:broker.test");
  const auto errors = [this](const std::string& ca, const std::string& key) {
    return Errors("rules: {file: rules.yaml}",
                  "remote: {addresses: ['192.0.2.1:50051'], grant_password: true, tls: {ca: " + ca +
                      ", certificate: broker.crt, key: " + key + "}}");
  };
  EXPECT_THAT(errors("ca.crt", "broker.key"), IsEmpty());
  EXPECT_THAT(errors("none.crt", "ca.key"),
              ElementsAre(AllOf(HasSubstr("b.yaml:13:"), HasSubstr("policies[0].remote.tls.ca"),
                                HasSubstr("No such file")),
                          AllOf(HasSubstr("policies[0].remote.tls.key"),
                                HasSubstr("is not the key of broker.crt"))));
}

TEST_F(ConfigCheck, NameOfAPolicy_NeedsEncryptionAndAPort) {
  EXPECT_THAT(Errors("rules: {file: rules.yaml}", "remote: {addresses: ['dns:policy.test:50051']}"),
              ElementsAre(HasSubstr("\"dns:policy.test:50051\" may lead anywhere")));
  EXPECT_THAT(Errors("rules: {file: rules.yaml}", "remote: {addresses: ['dns:policy.test']}"),
              ElementsAre(HasSubstr("expected dns:NAME:PORT")));
}

TEST_F(ConfigCheck, TlsAndInsecure_Contradict) {
  const test::TestPki pki(dir_.path());
  pki.MakeCa("ca");
  EXPECT_THAT(Errors("rules: {file: rules.yaml}",
                     "remote: {addresses: ['127.0.0.1:50051'], insecure: true, "
                     "tls: {ca: ca.crt, certificate: ca.crt, key: ca.key}}"),
              ElementsAre(HasSubstr("contradicts 'tls'")));
}

TEST_F(ConfigCheck, PolicyWithoutKind_IsAnError) {
  EXPECT_THAT(Errors("    rules: {file: rules.yaml}\n", ""),
              ElementsAre("b.yaml:12:5: error: policies[0]: needs 'rules' or 'remote'"));
}

TEST_F(ConfigCheck, OpenvpnConfigThatFightsTheBroker_NamesItsLine) {
  Write("home.conf", "dev tun\nserver 10.8.0.0 255.255.255.0\nmanagement 127.0.0.1 7505\n");
  EXPECT_THAT(Errors("#", "#"), Contains(HasSubstr("home.conf:3: error: management: ")));
}

TEST_F(ConfigCheck, ExampleConfiguration_LoadsCleanly) {
  const std::string source = test::SourceDir();
  std::filesystem::copy(source + "/deploy/config/broker.example.yaml", dir_.File("example.yaml"));
  for (const Finding& finding : LoadConfig(dir_.File("example.yaml")).findings) {
    if (finding.path == "instances[0].openvpn") continue;  // may not be installed here
    EXPECT_NE(finding.severity, Finding::Severity::kError) << finding.ToString();
  }
}

TEST_F(ConfigCheck, AddressPools_AreCheckedWithTheFieldNamed) {
  const auto errors = [this](const std::string& pools) {
    return Errors("policies:", absl::StrCat("address_pools:\n", pools, "policies:"));
  };
  EXPECT_THAT(errors("  - {name: staff, ipv4: {network: 10.8.0.0/24}, exclude: [10.8.0.7, "
                     "10.8.0.64/28, 10.8.0.100-10.8.0.110]}\n"),
              IsEmpty());
  const std::pair<const char*, const char*> kWrong[] = {
      {"{name: a}", "address_pools[0]: needs 'ipv4' or 'ipv6'"},
      {"{name: a, ipv4: {network: 10.8.0.1/24}}", "address_pools[0].ipv4.network: "},
      {"{name: a, ipv4: {network: 'fd00::/64'}}", "is not an IPv4 network"},
      {"{name: a, ipv4: {network: 10.0.0.0/7}}", "is /8 to /30"},
      {"{name: a, ipv6: {network: 'fd00::/48'}}", "is /64 to /124"},
      {"{name: a, ipv4: {network: 10.8.0.0/24, first: 10.9.0.1}}", "is not in the network"},
      {"{name: a, ipv4: {network: 10.8.0.0/24, first: 10.8.0.9, last: 10.8.0.8}}",
       "lies before first"},
      {"{name: a, ipv4: {network: 10.8.0.0/24}, exclude: [10.9.0.0/24]}",
       "address_pools[0].exclude[0]: "},
      {"{name: a, ipv4: {network: 10.8.0.0/24}, exclude: [many]}", "is no address"},
      {"{name: a, ipv4: {network: 10.8.0.0/30}, exclude: [10.8.0.2]}", "no address is left"},
  };
  for (const auto& [pool, expected] : kWrong) {
    EXPECT_THAT(errors(absl::StrCat("  - ", pool, "\n")), ElementsAre(HasSubstr(expected))) << pool;
  }
  EXPECT_THAT(
      errors("  - {name: a, ipv4: {network: 10.8.0.0/24, last: 10.8.0.99}}\n"
             "  - {name: a, ipv4: {network: 10.8.0.0/24, first: 10.8.0.99}}\n"),
      ElementsAre(HasSubstr("address_pools[1].name: "), HasSubstr("overlaps the pool \"a\"")));
}

TEST_F(ConfigCheck, MetricsAddress_IsAnAddressOfItsOwnThatIsNotOpenToAll) {
  const auto errors = [this](const std::string& address) {
    return Errors("instances:", "metrics: {address: '" + address + "'}\ninstances:");
  };
  EXPECT_THAT(errors("127.0.0.1:9755"), IsEmpty());
  EXPECT_THAT(errors("[::1]:9755"), IsEmpty());
  for (const char* wrong : {"", "localhost:9755", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536"}) {
    EXPECT_THAT(errors(wrong), ElementsAre(HasSubstr("metrics.address: "))) << wrong;
  }
  EXPECT_THAT(Findings(Finding::Severity::kWarning,
                       "instances:", "metrics: {address: '0.0.0.0:9755'}\ninstances:"),
              Contains(AllOf(HasSubstr("b.yaml:2:"), HasSubstr("metrics.address: "),
                             HasSubstr("use a loopback address"))));
  EXPECT_THAT(Errors("instances:",
                     "admin:\n  tcp: {address: '127.0.0.1:9755', certificate: c, private_key: k, "
                     "client_ca: a, roles: [{san: 'dns:ops', role: admin}]}\n"
                     "metrics: {address: '127.0.0.1:9755'}\ninstances:"),
              Contains(AllOf(HasSubstr("admin.tcp.address: "),
                             HasSubstr("address \"127.0.0.1:9755\" is taken by metrics.address"))));
}

TEST_F(ConfigCheck, Shadows_MustBeOtherPolicies) {
  EXPECT_THAT(Errors("policy: staff\n  - name: home",
                     "policy: staff\n    shadows: [stuff]\n  - name: home"),
              Contains(AllOf(HasSubstr("instances[0].shadows[0]"),
                             HasSubstr("there is no policy \"stuff\""),
                             HasSubstr("did you mean 'staff'?"))));
  EXPECT_THAT(Errors("policy: staff\n  - name: home",
                     "policy: staff\n    shadows: [staff]\n  - name: home"),
              Contains(HasSubstr("decides for instance \"office\"")));
  EXPECT_THAT(
      Errors(
          "policies:\n",
          "    shadows: [next, next]\npolicies:\n  - name: next\n    rules: {file: rules.yaml}\n"),
      Contains(HasSubstr("instances[1].shadows[1]")));
}

TEST_F(ConfigCheck, RemotePolicy_IsNotShadowHereAndInForceThere) {
  EXPECT_THAT(Errors("rules: {file: rules.yaml}",
                     "remote: {addresses: [\"unix:/tmp/p.sock\"]}\n"
                     "  - name: other\n    rules: {file: rules.yaml}"),
              IsEmpty());
  EXPECT_THAT(Errors("    policy: staff\npolicies:\n  - name: staff\n    rules: {file: rules.yaml}",
                     "    policy: other\n    shadows: [staff]\npolicies:\n"
                     "  - name: staff\n    remote: {addresses: [\"unix:/tmp/p.sock\"]}\n"
                     "  - name: other\n    rules: {file: rules.yaml}"),
              Contains(AllOf(HasSubstr("instances[1].shadows[0]"),
                             HasSubstr("decides for instance \"office\""))));
}

}  // namespace
}  // namespace ovpnbroker::server
