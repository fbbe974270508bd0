// The example policies and the one that docs/policy-guide.md prints, asked by the real stream.
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/policy/stream/stream_fixture.h"
#include "tests/support/source_dir.h"

extern char** environ;

namespace ovpnbroker::policy {
namespace {

std::string Source(const std::string& path) { return test::SourceDir() + "/" + path; }

// A program of its own process group, ended when the test ends.
class Program {
 public:
  explicit Program(std::vector<std::string> arguments) {
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    EXPECT_EQ(posix_spawn(&pid_, argv[0], nullptr, &attributes, argv.data(), environ), 0);
    posix_spawnattr_destroy(&attributes);
  }
  ~Program() {
    kill(-pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_ = 0;
};

class ExamplesTest : public StreamFixture {
 protected:
  void SetUp() override { setenv("OVPNBROKER_BUILD_DIR", directory_.path().c_str(), 1); }

  void AskAs(const std::string& username) {
    ovpn::ClientIdentity identity;
    identity.username = username;
    requests_.emplace(username, test::MakeAuthRequest(test::Key(requests_.size(), 1),
                                                      ovpn::AuthKind::kConnect, identity));
    Ask(username);
  }

  // Asks for alice and bob; false when an answer does not come.
  bool AskBoth() {
    if (!RunUntilReady()) return false;
    AskAs("alice");
    AskAs("bob");
    return RunUntilReply("alice") && RunUntilReply("bob");
  }

  void ExpectExampleVerdicts() {
    ASSERT_TRUE(AskBoth());
    const auto& allow = std::get<ovpn::Allow>(replies_["alice"][0].verdict);
    EXPECT_EQ(allow.config.ifconfig_push->local.ToString(), "10.8.0.20");
    ASSERT_EQ(allow.config.routes.size(), 1u);
    EXPECT_EQ(allow.config.routes[0].destination.ToString(), "192.168.0.0/16");
    ASSERT_EQ(allow.config.dns.size(), 1u);
    const auto& deny = std::get<ovpn::Deny>(replies_["bob"][0].verdict);
    EXPECT_EQ(deny.client_reason, "Your account is closed. Call the help desk.");
    policy_->Drain();
    EXPECT_TRUE(RunUntil([this] { return policy_->drained(); }));
    EXPECT_EQ(Status(0).last_error, "drained");
  }
};

TEST_F(ExamplesTest, Python_DecidesAndDrains) {
  const Program program({Source("policy/examples/python/run.sh"), "--listen", Address("p")});
  Open(Options({"p"}));
  ExpectExampleVerdicts();
}

TEST_F(ExamplesTest, Cpp_DecidesAndDrains) {
  const Program program({OVPNBROKER_EXAMPLE_POLICY, "--listen", Address("c")});
  Open(Options({"c"}));
  ExpectExampleVerdicts();
}

TEST_F(ExamplesTest, Quickstart_WorksAsPrinted) {
  std::stringstream page;
  page << std::ifstream(Source("docs/policy-guide.md")).rdbuf();
  const std::string text = page.str();
  const std::string fence = "```python\n";
  const size_t begin = text.find(fence) + fence.size();
  std::string code = text.substr(begin, text.find("```", begin) - begin);
  const std::string printed = "unix:/tmp/policy/policy.sock";
  ASSERT_NE(code.find(printed), std::string::npos);
  code.replace(code.find(printed), printed.size(), Address("q"));
  std::ofstream(directory_.File("policy.py")) << code;
  const std::string command = "source " + Source("policy/examples/python/generate.sh") +
                              " && PYTHONPATH=\"$generated\" exec /usr/bin/python3 " +
                              directory_.File("policy.py");
  const Program program({"/bin/bash", "-c", command});
  Open(Options({"q"}));
  ASSERT_TRUE(AskBoth());
  const auto& allow = std::get<ovpn::Allow>(replies_["alice"][0].verdict);
  EXPECT_EQ(allow.config.routes.size(), 1u);
  EXPECT_EQ(std::get<ovpn::Deny>(replies_["bob"][0].verdict).client_reason, "Only alice gets in.");
}

}  // namespace
}  // namespace ovpnbroker::policy
