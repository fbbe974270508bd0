// What is said of PEM files that are missing, old or do not belong together.
#include "ovpn/base/tls_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/temp_dir.h"
#include "tests/support/test_pki.h"

namespace ovpnbroker::ovpn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class TlsFilesTest : public testing::Test {
 protected:
  TlsFilesTest() {
    pki_.MakeCa("ca");
    pki_.Issue("ca", "server", "IP:127.0.0.1");
    pki_.Issue("ca", "broker", "DNS:broker.test");
  }

  TlsFiles Files(const std::string& ca, const std::string& name) const {
    return {
        .ca = pki_.Certificate(ca), .certificate = pki_.Certificate(name), .key = pki_.Key(name)};
  }

  std::vector<std::string> Problems(const TlsFiles& files,
                                    WallTime now = std::chrono::system_clock::now()) {
    std::vector<std::string> problems;
    for (const TlsProblem& problem : CheckTlsFiles(files, now)) {
      problems.push_back((problem.is_warning ? "warning: " : "") + problem.message);
    }
    return problems;
  }

  test::TempDir directory_;
  test::TestPki pki_{directory_.path()};
};

TEST_F(TlsFilesTest, WrongFiles_AreNamed) {
  EXPECT_THAT(Problems(Files("ca", "broker")), IsEmpty());
  EXPECT_THAT(Problems(Files("missing", "broker")),
              ElementsAre(HasSubstr("missing.crt: No such file or directory")));
  TlsFiles mixed = Files("ca", "broker");
  mixed.key = pki_.Key("server");
  EXPECT_THAT(Problems(mixed), ElementsAre(HasSubstr("server.key: is not the key of")));
  TlsFiles swapped = Files("ca", "broker");
  std::swap(swapped.certificate, swapped.key);
  EXPECT_THAT(Problems(swapped), testing::Contains(HasSubstr("holds no private key in PEM form")));
  const auto now = std::chrono::system_clock::now();
  EXPECT_THAT(Problems(Files("ca", "broker"), now + std::chrono::hours(24 * 31)),
              ElementsAre(HasSubstr("ca.crt: has expired"), HasSubstr("broker.crt: has expired")));
  EXPECT_THAT(Problems(Files("ca", "broker"), now - std::chrono::hours(48)),
              ElementsAre(HasSubstr("not valid yet"), HasSubstr("not valid yet")));
  EXPECT_THAT(Problems(Files("ca", "broker"), now + std::chrono::hours(24 * 20)),
              ElementsAre(HasSubstr("warning: "), HasSubstr("expires within 14 days")));
}

TEST_F(TlsFilesTest, OpenKeyAndPassphrase_AreNoted) {
  std::filesystem::permissions(pki_.Key("broker"), std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  EXPECT_THAT(Problems(Files("ca", "broker")), ElementsAre(HasSubstr("every local user may read")));
  const std::string command = "openssl ec -aes128 -passout pass:secret -in " + pki_.Key("server") +
                              " -out " + pki_.Key("locked") + " 2>/dev/null";
  ASSERT_EQ(system(command.c_str()), 0);
  TlsFiles files = Files("ca", "server");
  files.key = pki_.Key("locked");
  EXPECT_THAT(Problems(files), ElementsAre(HasSubstr("has a passphrase")));
}

}  // namespace
}  // namespace ovpnbroker::ovpn
