#include "ovpn/types/shared_identity.h"

#include <gtest/gtest.h>

namespace ovpnbroker::ovpn {
namespace {

TEST(SharedIdentity, Default_IsNobody) {
  const SharedIdentity identity;
  EXPECT_EQ(identity->common_name, "");
  EXPECT_FALSE(identity->SupportsAuthPending());
}

TEST(SharedIdentity, Copy_IsTheSameObject) {
  ClientIdentity alice;
  alice.common_name = "alice";
  const SharedIdentity identity = alice;
  const SharedIdentity copy = identity;
  EXPECT_EQ(&*copy, &*identity);
  EXPECT_EQ(copy->common_name, "alice");
}

}  // namespace
}  // namespace ovpnbroker::ovpn
