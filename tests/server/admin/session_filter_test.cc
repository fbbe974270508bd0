#include "server/admin/session_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/admin/page.h"
#include "tests/support/status_matchers.h"

namespace ovpnbroker::server {
namespace {

using test::StatusIs;
using testing::HasSubstr;

bool Matches(const std::string& filter) {
  ovpn::Session session;
  session.client.instance = "office";
  session.state = ovpn::SessionState::kEstablished;
  ovpn::ClientIdentity identity;
  identity.common_name = "branch \"7\"";
  identity.username = "CORP\\alice";
  identity.real_address = "192.0.2.7:50123";
  session.identity = std::move(identity);
  const auto parsed = SessionFilter::Parse(filter);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed.ok() && parsed->Matches(session);
}

TEST(SessionFilter, Empty_MatchesEverything) {
  EXPECT_TRUE(Matches(""));
  EXPECT_TRUE(Matches("  "));
}

TEST(SessionFilter, Terms_MustAllMatch) {
  EXPECT_TRUE(Matches("instance = office AND state != \"ENDED\""));
  EXPECT_TRUE(Matches("instance=office AND state=ESTABLISHED"));
  EXPECT_FALSE(Matches("instance = office AND state = PENDING"));
}

TEST(SessionFilter, Wildcards_MatchAnyText) {
  EXPECT_TRUE(Matches("real_address = 192.0.2.*"));
  EXPECT_TRUE(Matches("instance = off?ce"));
  EXPECT_FALSE(Matches("instance = off"));
}

TEST(SessionFilter, EscapedCharacters_AreTakenLiterally) {
  EXPECT_TRUE(Matches(R"(username = "CORP\\alice")"));
  EXPECT_TRUE(Matches(R"(common_name = "branch \"7\"")"));
  EXPECT_FALSE(Matches(R"(instance = "o\*")"));
}

TEST(SessionFilter, Mistakes_NameOffsetAndRemedy) {
  const auto error = [](const std::string& filter, const std::string& text) {
    EXPECT_THAT(SessionFilter::Parse(filter),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(text)))
        << filter;
  };
  error("usrname = x", "did you mean 'username'?");
  error("state = ACTIVE", "no state matches \"ACTIVE\"");
  error("instance office", "at offset 9: expected = or !=");
  error("instance = office OR state = ENDED", "expected AND");
  error("instance = office AND", "unknown field \"\"");
  error("instance = ", "expected a value");
  error("instance = \"office", "the quote is not closed");
  error("instance = \"office\\", "the quote is not closed");
  error(std::string(kMaxFilterSize + 1, ' '), "is longer than");
}

TEST(Page, Token_RoundTripsKeyAndScope) {
  PageRequest page;
  ASSERT_TRUE(ParsePageRequest(7, MakePageToken("key", "scope\n2"), "scope\n2", page).ok());
  EXPECT_EQ(page.size, 7U);
  EXPECT_EQ(page.after, "key");
}

TEST(Page, Sizes_HaveDefaultAndMaximum) {
  PageRequest page;
  ASSERT_TRUE(ParsePageRequest(0, "", "", page).ok());
  EXPECT_EQ(page.size, static_cast<size_t>(kDefaultPageSize));
  ASSERT_TRUE(ParsePageRequest(1'000'000, "", "", page).ok());
  EXPECT_EQ(page.size, static_cast<size_t>(kMaxPageSize));
}

TEST(Page, ForgedToken_IsRefused) {
  PageRequest page;
  EXPECT_FALSE(ParsePageRequest(0, "%%%", "", page).ok());
  EXPECT_FALSE(ParsePageRequest(0, "YWJj", "", page).ok());
}

}  // namespace
}  // namespace ovpnbroker::server
