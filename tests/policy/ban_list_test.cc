#include "policy/ban_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/policy/bans.h"

namespace ovpnbroker::policy {
namespace {

using test::MakeBan;
using testing::ElementsAre;

constexpr ovpn::WallTime kNow{std::chrono::hours(1000)};

ovpn::ClientIdentity Client(std::string username, std::string common_name,
                            std::string real_address = "192.0.2.7:50123",
                            std::string serial = "01:af:2c") {
  ovpn::ClientIdentity identity;
  identity.username = std::move(username);
  identity.common_name = std::move(common_name);
  identity.real_address = std::move(real_address);
  identity.certificate_serial = std::move(serial);
  return identity;
}

// Whether a list of this one ban keeps `client` out; BanSubject::Matches must say the same.
bool Bans(BanKind kind, const std::string& text, const ovpn::ClientIdentity& client) {
  BanList list;
  const Ban ban = MakeBan("b1", kind, text);
  EXPECT_TRUE(list.Add(ban).ok());
  const bool found = list.FindMatch(client, kNow) != nullptr;
  EXPECT_EQ(found, ban.subject.Matches(client)) << text;
  return found;
}

TEST(BanList, Username_IgnoresAsciiCaseAndBlanksAround) {
  for (const char* name : {"alice", "ALICE", " alice ", "Alice\t"}) {
    EXPECT_TRUE(Bans(BanKind::kUsername, "alice", Client(name, ""))) << name;
  }
  EXPECT_TRUE(Bans(BanKind::kUsername, " ALICE", Client("alice", "")));
  for (const char* name : {"", "alic", "alice2", "al ice"}) {
    EXPECT_FALSE(Bans(BanKind::kUsername, "alice", Client(name, "alice"))) << name;
  }
}

TEST(BanList, CommonName_DoesNotMatchTheUsername) {
  EXPECT_TRUE(Bans(BanKind::kCommonName, "branch", Client("alice", "branch")));
  EXPECT_FALSE(Bans(BanKind::kCommonName, "alice", Client("alice", "branch")));
}

TEST(BanList, Serial_MatchesHoweverItIsWritten) {
  for (const char* text : {"01:af:2c", "01AF2C", "1af2c", "00:01:AF:2C"}) {
    EXPECT_TRUE(Bans(BanKind::kCertificateSerial, text, Client("", ""))) << text;
  }
  EXPECT_FALSE(Bans(BanKind::kCertificateSerial, "01:af:2d", Client("", "")));
  EXPECT_FALSE(Bans(BanKind::kCertificateSerial, "00", Client("", "", "", "")));
}

TEST(BanList, Address_MatchesWithPortInBothFamiliesAndMapped) {
  const auto from = [](const char* address) { return Client("", "", address); };
  EXPECT_TRUE(Bans(BanKind::kRealAddress, "192.0.2.7", from("192.0.2.7:1194")));
  EXPECT_TRUE(Bans(BanKind::kRealAddress, "192.0.2.7", from("[::ffff:192.0.2.7]:1194")));
  EXPECT_TRUE(Bans(BanKind::kRealAddress, "::ffff:192.0.2.0/120", from("192.0.2.7:1194")));
  EXPECT_TRUE(Bans(BanKind::kRealAddress, "192.0.0.0/16", from("192.0.2.7:1194")));
  EXPECT_TRUE(Bans(BanKind::kRealAddress, "0.0.0.0/0", from("192.0.2.7:1194")));
  EXPECT_TRUE(Bans(BanKind::kRealAddress, "2001:db8::/32", from("[2001:db8::7]:1194")));
  EXPECT_TRUE(Bans(BanKind::kRealAddress, "::/0", from("[2001:db8::7]:1194")));
  EXPECT_TRUE(Bans(BanKind::kRealAddress, "2001:db8::7", from("2001:db8::7")));
  EXPECT_FALSE(Bans(BanKind::kRealAddress, "192.0.2.8", from("192.0.2.7:1194")));
  EXPECT_FALSE(Bans(BanKind::kRealAddress, "0.0.0.0/0", from("[2001:db8::7]:1194")));
  EXPECT_FALSE(Bans(BanKind::kRealAddress, "192.0.2.7", from("")));
}

TEST(BanSubject, Parse_RefusesWhatIsNoSubject) {
  for (const char* name : {"", "  "})
    EXPECT_FALSE(BanSubject::Parse(BanKind::kUsername, name).ok());
  EXPECT_FALSE(BanSubject::Parse(BanKind::kCommonName, std::string(256, 'x')).ok());
  for (const char* serial : {"", ":", "0x12", "12 34", "xyz"}) {
    EXPECT_FALSE(BanSubject::Parse(BanKind::kCertificateSerial, serial).ok()) << serial;
  }
  for (const char* network : {"", "192.0.2.7/24", "192.0.2", "host", "192.0.2.7:1194"}) {
    EXPECT_FALSE(BanSubject::Parse(BanKind::kRealAddress, network).ok()) << network;
  }
}

TEST(BanList, ExpiredBan_CountsForNothingAndIsSwept) {
  BanList list;
  Ban ban = MakeBan("b1", BanKind::kUsername, "alice");
  ban.expire_time = kNow + std::chrono::seconds(10);
  ASSERT_TRUE(list.Add(ban).ok());
  const auto last = kNow + std::chrono::seconds(9);
  EXPECT_NE(list.FindMatch(Client("alice", ""), last), nullptr);
  EXPECT_EQ(list.FindMatch(Client("alice", ""), *ban.expire_time), nullptr);
  EXPECT_EQ(list.Find("b1", *ban.expire_time), nullptr);
  EXPECT_EQ(list.FindSubject(ban.subject, *ban.expire_time), nullptr);
  EXPECT_TRUE(list.Sweep(last).empty());
  EXPECT_THAT(list.Sweep(*ban.expire_time), ElementsAre("b1"));
  EXPECT_EQ(list.size(), 0U);
}

TEST(BanList, ExpiredNetwork_DoesNotHideAWiderOne) {
  BanList list;
  Ban narrow = MakeBan("b1", BanKind::kRealAddress, "192.0.2.7");
  narrow.expire_time = kNow;
  ASSERT_TRUE(list.Add(narrow).ok());
  ASSERT_TRUE(list.Add(MakeBan("b2", BanKind::kRealAddress, "192.0.2.0/24")).ok());
  const Ban* ban = list.FindMatch(Client("", ""), kNow);
  ASSERT_NE(ban, nullptr);
  EXPECT_EQ(ban->uid, "b2");
}

TEST(BanList, SameSubject_ReplacesTheOlderBan) {
  BanList list;
  ASSERT_TRUE(list.Add(MakeBan("b1", BanKind::kRealAddress, "192.0.2.0/24")).ok());
  ASSERT_TRUE(list.Add(MakeBan("b2", BanKind::kRealAddress, "192.0.2.0/24")).ok());
  EXPECT_EQ(list.size(), 1U);
  EXPECT_EQ(list.Find("b1", kNow), nullptr);
  ASSERT_TRUE(list.Remove("b2").has_value());
  EXPECT_EQ(list.FindMatch(Client("", ""), kNow), nullptr);
  EXPECT_FALSE(list.Remove("b2").has_value());
}

TEST(BanList, Visit_GoesInOrderFromAfter) {
  BanList list;
  for (const char* uid : {"b3", "b1", "b2"}) {
    ASSERT_TRUE(list.Add(MakeBan(uid, BanKind::kUsername, uid)).ok());
  }
  std::vector<std::string> seen;
  list.Visit("b1", kNow, [&seen](const Ban& ban) {
    seen.push_back(ban.uid);
    return true;
  });
  EXPECT_THAT(seen, ElementsAre("b2", "b3"));
}

TEST(BanList, HundredThousandBans_AskOncePerPrefixLength) {
  BanList list;
  for (uint64_t i = 0; i < 100'000; ++i) {
    const auto address =
        ovpn::IpAddress::FromNumber(ovpn::IpAddress::Family::kV4, 0x0a000000 + i).ToString();
    ASSERT_TRUE(list.Add(MakeBan(absl::StrCat("b", i), BanKind::kRealAddress, address)).ok());
  }
  // A scan of the list in each of these calls would take hours.
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_EQ(list.FindMatch(Client("alice", "branch"), kNow), nullptr);
  }
  EXPECT_NE(list.FindMatch(Client("", "", "10.1.134.159:1"), kNow), nullptr);
}

}  // namespace
}  // namespace ovpnbroker::policy
