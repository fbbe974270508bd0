#include "ovpn/base/secret.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ovpnbroker::ovpn {
namespace {

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };
template <typename T>
concept Comparable = requires(const T& a, const T& b) { a == b; };

static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(!Printable<Secret> && !Comparable<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, absl::string_view>);
static_assert(!std::is_convertible_v<const Secret&, absl::AlphaNum>);

// One that fits into the string object itself, one that does not.
const std::string kTexts[] = {"hunter2", std::string(100, 'p')};

TEST(Secret, Moved_LeavesNothingBehind) {
  for (const std::string& text : kTexts) {
    Secret from{text};
    const char* const old_bytes = from.Reveal().data();
    Secret to{std::move(from)};
    EXPECT_EQ(to.Reveal(), text);
    EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move): defined by the class
    EXPECT_EQ(from.Reveal().data(), old_bytes);
    EXPECT_EQ(std::string(old_bytes, text.size()), std::string(text.size(), '\0'));
  }
}

TEST(Secret, Assigned_ReplacesTheOldBytes) {
  for (const std::string& text : kTexts) {
    Secret from{text};
    Secret to{"old"};
    to = std::move(from);
    EXPECT_EQ(to.Reveal(), text);
    EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move): defined by the class
  }
}

TEST(Secret, AssignedShorterBytes_KeepsNoneOfTheOldOnes) {
  Secret secret{"a-long-password"};
  const char* const bytes = secret.Reveal().data();
  secret = Secret{"new"};
  ASSERT_EQ(secret.Reveal().data(), bytes);
  EXPECT_EQ(std::string(bytes, 15), std::string("new", 3) + std::string(12, '\0'));
}

TEST(Secret, AssignedToItself_KeepsItsBytes) {
  Secret secret{"hunter2"};
  Secret& alias = secret;
  secret = std::move(alias);
  EXPECT_EQ(secret.Reveal(), "hunter2");
}

TEST(Secret, Cloned_GivesASecondHolder) {
  Secret secret{"hunter2"};
  {
    const Secret clone = secret.Clone();
    EXPECT_EQ(clone.Reveal(), "hunter2");
  }
  EXPECT_EQ(secret.Reveal(), "hunter2");
}

TEST(Secret, BytesWithNul_AreKept) {
  const std::string bytes("a\0b", 3);
  EXPECT_EQ(Secret{bytes}.Reveal(), bytes);
}

}  // namespace
}  // namespace ovpnbroker::ovpn
