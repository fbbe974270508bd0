#include "ovpn/base/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <utility>

namespace ovpnbroker::ovpn {
namespace {

UniqueFd OpenSomething() { return UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }
bool IsOpen(int fd) { return fcntl(fd, F_GETFD) != -1; }

TEST(UniqueFd, EndOfScope_Closes) {
  int number = -1;
  {
    const UniqueFd fd = OpenSomething();
    ASSERT_TRUE(fd.valid());
    number = fd.get();
    EXPECT_TRUE(IsOpen(number));
  }
  EXPECT_FALSE(IsOpen(number));
}

TEST(UniqueFd, Moved_HasOneOwner) {
  UniqueFd from = OpenSomething();
  const int number = from.get();
  UniqueFd to = std::move(from);
  EXPECT_FALSE(from.valid());  // NOLINT(bugprone-use-after-move): defined by the class
  EXPECT_EQ(to.get(), number);
  EXPECT_TRUE(IsOpen(number));
}

TEST(UniqueFd, MoveAssigned_ClosesTheOldOne) {
  UniqueFd fd = OpenSomething();
  UniqueFd other = OpenSomething();
  const int old_number = fd.get();
  const int new_number = other.get();
  fd = std::move(other);
  EXPECT_FALSE(IsOpen(old_number));
  EXPECT_EQ(fd.get(), new_number);
}

TEST(UniqueFd, AssignedToItself_StaysOpen) {
  UniqueFd fd = OpenSomething();
  UniqueFd& alias = fd;
  fd = std::move(alias);
  EXPECT_TRUE(fd.valid());
  EXPECT_TRUE(IsOpen(fd.get()));
}

TEST(UniqueFd, Released_IsTheCallersToClose) {
  UniqueFd fd = OpenSomething();
  const UniqueFd second(fd.Release());
  EXPECT_FALSE(fd.valid());
  EXPECT_TRUE(IsOpen(second.get()));
}

}  // namespace
}  // namespace ovpnbroker::ovpn
