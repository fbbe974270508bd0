// Streams over mutual TLS with certificates of the test's own: who is let in, names, rotation on
// the disk, and what is said of bad files.
#include <gmock/gmock.h>

#include <filesystem>

#include "ovpn/base/tls_files.h"
#include "policy/stream/tls_credentials.h"
#include "tests/policy/stream/stream_fixture.h"
#include "tests/support/test_pki.h"

namespace ovpnbroker::policy {
namespace {

using testing::HasSubstr;

class TlsTest : public StreamFixture {
 protected:
  TlsTest() {
    pki_.MakeCa("ca");
    pki_.Issue("ca", "server", "IP:127.0.0.1,DNS:policy.test");
    pki_.Issue("ca", "broker", "DNS:broker.test");
    pki_.MakeCa("other-ca");
    pki_.Issue("other-ca", "other-server", "IP:127.0.0.1");
    pki_.Issue("other-ca", "other-broker", "DNS:broker.test");
  }

  ovpn::TlsFiles Files(const std::string& ca, const std::string& name) const {
    return {
        .ca = pki_.Certificate(ca), .certificate = pki_.Certificate(name), .key = pki_.Key(name)};
  }

  std::unique_ptr<test::ScriptedPolicy> ServeTls(const ovpn::TlsFiles& files, int port = 0) {
    return std::make_unique<test::ScriptedPolicy>(loop_, "127.0.0.1:" + std::to_string(port),
                                                  test::PolicyScript(),
                                                  MakeTlsServerCredentials(files));
  }

  StreamPolicyOptions TlsOptionsFor(const test::ScriptedPolicy& server,
                                    const ovpn::TlsFiles& files) {
    StreamPolicyOptions options = Options({});
    options.addresses = {"127.0.0.1:" + std::to_string(server.port())};
    options.tls = {.files = files, .server_name = "", .refresh = std::chrono::seconds(1)};
    return options;
  }

  bool RunUntilRefused() {
    return RunUntil([this] { return policy_->counters().failed_dials >= 2; });
  }

  test::TestPki pki_{directory_.path()};
};

TEST_F(TlsTest, BothSidesTrusted_DecidesWithPassword) {
  const auto server = ServeTls(Files("ca", "server"));
  StreamPolicyOptions options = TlsOptionsFor(*server, Files("ca", "broker"));
  options.grant_password = true;
  Open(options);
  ASSERT_TRUE(RunUntilReady());
  Ask("d1");
  ASSERT_TRUE(RunUntilReply("d1"));
  EXPECT_TRUE(Allowed("d1"));
}

TEST_F(TlsTest, ServerOfAnotherCa_IsNotTrusted) {
  const auto server = ServeTls(Files("ca", "other-server"));
  Open(TlsOptionsFor(*server, Files("ca", "broker")));
  ASSERT_TRUE(RunUntilRefused());
  EXPECT_FALSE(policy_->ready());
  EXPECT_TRUE(server->Received().empty());
}

TEST_F(TlsTest, BrokerOfAnotherCa_IsNotServed) {
  const auto server = ServeTls(Files("ca", "server"));
  Open(TlsOptionsFor(*server, Files("ca", "other-broker")));
  ASSERT_TRUE(RunUntilRefused());
  EXPECT_FALSE(policy_->ready());
  EXPECT_TRUE(server->Received().empty());
}

TEST_F(TlsTest, ServerName_MustBeInTheCertificate) {
  const auto server = ServeTls(Files("ca", "server"));
  StreamPolicyOptions options = TlsOptionsFor(*server, Files("ca", "broker"));
  options.tls->server_name = "policy.test";
  Open(options);
  ASSERT_TRUE(RunUntilReady());
  options.tls->server_name = "somebody-else.test";
  Open(options);
  ASSERT_TRUE(RunUntilRefused());
  EXPECT_FALSE(policy_->ready());
}

TEST_F(TlsTest, FilesRotatedOnDisk_NewStreamsUseThem) {
  const auto use = [this](const std::string& ca, const std::string& name) {
    const auto overwrite = std::filesystem::copy_options::overwrite_existing;
    std::filesystem::copy_file(pki_.Key(name), pki_.Key("live"), overwrite);
    std::filesystem::copy_file(pki_.Certificate(name), pki_.Certificate("live"), overwrite);
    std::filesystem::copy_file(pki_.Certificate(ca), pki_.Certificate("live-ca"), overwrite);
  };
  use("ca", "broker");
  auto server = ServeTls(Files("ca", "server"));
  const int port = server->port();
  Open(TlsOptionsFor(*server, Files("live-ca", "live")));
  ASSERT_TRUE(RunUntilReady());
  use("other-ca", "other-broker");
  EXPECT_TRUE(policy_->ready()) << "a stream that exists stays";
  server.reset();
  server = ServeTls(Files("other-ca", "other-server"), port);
  ASSERT_TRUE(RunUntil([&] { return server->Count(Request::kHello) > 0; }));
  ASSERT_TRUE(RunUntilReady());
  Ask("d1");
  ASSERT_TRUE(RunUntilReply("d1"));
  EXPECT_TRUE(Allowed("d1"));
}

TEST_F(TlsTest, PasswordOverPlainTcp_IsRefused) {
  StreamPolicyOptions options = Options({});
  options.addresses = {"127.0.0.1:9"};
  options.insecure = true;
  options.grant_password = true;
  const absl::Status status = StreamPolicy::Create(loop_, clock_, logger_, options).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("passwords go over unix sockets or TLS"));
}

}  // namespace
}  // namespace ovpnbroker::policy
