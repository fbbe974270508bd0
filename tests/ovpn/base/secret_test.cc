#include "ovpn/base/secret.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ovpnbroker::ovpn {

// What the allocator of this program tells.
void NoteGivenBack(void* block);

namespace {

using testing::AllOf;
using testing::Ge;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };
template <typename T>
concept Comparable = requires(const T& a, const T& b) { a == b; };

static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(!Printable<Secret> && !Comparable<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, absl::string_view>);
static_assert(!std::is_convertible_v<const Secret&, absl::AlphaNum>);

constexpr char kText[] = "hunter2";

// While it lives, keeps what is in the arrays that are given back to the allocator.
class GivenBack {
 public:
  GivenBack() { bytes_ = &own_; }
  ~GivenBack() { bytes_ = nullptr; }
  GivenBack(const GivenBack&) = delete;
  GivenBack& operator=(const GivenBack&) = delete;

  const std::string& bytes() const { return own_; }

  static void Note(void* block) {
    if (bytes_ == nullptr || block == nullptr) return;
    bytes_->append(static_cast<const char*>(block), malloc_usable_size(block));
  }

 private:
  static std::string* bytes_;
  std::string own_;
};

std::string* GivenBack::bytes_ = nullptr;

TEST(Secret, Destroyed_OverwritesItsBytes) {
  const GivenBack given_back;
  {
    const Secret secret{kText};
  }
  EXPECT_THAT(given_back.bytes(), AllOf(SizeIs(Ge(std::strlen(kText))), Not(HasSubstr(kText))));
}

TEST(Secret, Moved_TakesItsBytesAlong) {
  const GivenBack given_back;
  Secret from{kText};
  const char* const bytes = from.Reveal().data();
  const Secret to{std::move(from)};
  EXPECT_EQ(to.Reveal(), kText);
  EXPECT_EQ(to.Reveal().data(), bytes) << "a copy would be one more to overwrite";
  EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move): defined by the class
  EXPECT_THAT(given_back.bytes(), IsEmpty());
}

TEST(Secret, Assigned_OverwritesTheOldBytes) {
  const GivenBack given_back;
  Secret from{"new"};
  Secret to{kText};
  to = std::move(from);
  EXPECT_EQ(to.Reveal(), "new");
  EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move): defined by the class
  EXPECT_THAT(given_back.bytes(), AllOf(SizeIs(Ge(std::strlen(kText))), Not(HasSubstr(kText))));
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

void NoteGivenBack(void* block) { GivenBack::Note(block); }

}  // namespace ovpnbroker::ovpn

// Arrays come zeroed, so that what a test finds in them was put there.
void* operator new[](std::size_t size) {
  void* const block = std::calloc(1, size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

void operator delete[](void* block) noexcept {
  ovpnbroker::ovpn::NoteGivenBack(block);
  std::free(block);
}

void operator delete[](void* block, std::size_t /*size*/) noexcept { operator delete[](block); }
