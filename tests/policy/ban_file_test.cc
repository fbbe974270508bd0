#include "policy/ban_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/policy/bans.h"

namespace ovpnbroker::policy {
namespace {

using test::MakeBan;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<Ban> SomeBans() {
  std::vector<Ban> bans = {MakeBan("b1", BanKind::kUsername, "al\tice\xff"),
                           MakeBan("b2", BanKind::kCertificateSerial, "01:af"),
                           MakeBan("b3", BanKind::kRealAddress, "192.0.2.0/24"),
                           MakeBan("b4", BanKind::kCommonName, "end 4")};
  bans[1].expire_time = ovpn::WallTime(std::chrono::hours(2000));
  bans[2].reason = "";
  return bans;
}

std::string FileOf(const std::vector<Ban>& bans) {
  std::map<std::string, std::string> lines;
  for (const Ban& ban : bans) lines[ban.uid] = FormatBan(ban);
  return FormatBanFile(lines);
}

TEST(BanFile, Bans_ComeBackAsTheyWere) {
  EXPECT_EQ(*ParseBanFile(FileOf(SomeBans())), SomeBans());
  EXPECT_THAT(*ParseBanFile(FileOf({})), IsEmpty());
}

TEST(BanFile, EveryPart_IsToldFromTheWhole) {
  const std::string whole = FileOf(SomeBans());
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(ParseBanFile(whole.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(ParseBanFile(whole + "\n").ok());
}

TEST(BanFile, EveryChangedByte_IsNoticed) {
  const std::string whole = FileOf(SomeBans());
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_FALSE(ParseBanFile(changed).ok()) << at;
  }
}

TEST(BanFile, Error_NamesTheLine) {
  std::string text = FileOf(SomeBans());
  text.replace(text.find("CERTIFICATE_SERIAL"), 18, "SOMETHING_ELSE_ALL");
  EXPECT_THAT(std::string(ParseBanFile(text).status().message()),
              HasSubstr("line 3: is not a ban"));
}

}  // namespace
}  // namespace ovpnbroker::policy
