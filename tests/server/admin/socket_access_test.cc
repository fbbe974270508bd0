#include "server/admin/socket_access.h"

#include <fcntl.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpnbroker/admin/v1/instance_service.grpc.pb.h"
#include "tests/server/admin_fixture.h"
#include "tests/support/loop_runner.h"

namespace ovpnbroker::server {
namespace {

constexpr uid_t kNobody = 4'242'424;  // has no name on any machine

ovpn::UniqueFd AnyFd() { return ovpn::UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

// A connection of the user that is entered and has ended; its number.
int EnterAndEnd(SocketAccess& access, uid_t uid) {
  return access.Enter(AnyFd(), {uid, 7}).value().get();
}

std::string NameOf(const SocketAccess& access, int number) {
  return access.IdentifyPeer(absl::StrCat("fd:", number)).name;
}

TEST(SocketAccess, CallOnAConnection_HasItsUserAndTheListenersRole) {
  SocketAccess access(type::v1::ROLE_VIEWER);
  const ovpn::UniqueFd root = access.Enter(AnyFd(), {0, 1}).value();
  const Caller caller = access.IdentifyPeer(absl::StrCat("fd:", root.get()));
  EXPECT_EQ(caller.name, "unix:uid=0(root),pid=1");
  EXPECT_TRUE(caller.authenticated);
  EXPECT_EQ(caller.role, type::v1::ROLE_VIEWER);
  EXPECT_EQ(NameOf(access, EnterAndEnd(access, kNobody)), "unix:uid=4242424,pid=7");
}

TEST(SocketAccess, NumberOfAnotherUser_IsNeverGivenAgain) {
  SocketAccess access(type::v1::ROLE_ADMIN);
  const int number = EnterAndEnd(access, kNobody);
  const int other = EnterAndEnd(access, kNobody + 1);
  EXPECT_NE(number, other);
  // The last call of the connection that has ended is still its user's.
  EXPECT_EQ(NameOf(access, number), "unix:uid=4242424,pid=7");
  EXPECT_EQ(NameOf(access, other), "unix:uid=4242425,pid=7");
}

TEST(SocketAccess, NumberOfTheSameUser_IsUsedAgain) {
  SocketAccess access(type::v1::ROLE_ADMIN);
  const int number = EnterAndEnd(access, kNobody);
  EXPECT_EQ(EnterAndEnd(access, kNobody), number);
}

TEST(SocketAccess, UnknownConnection_IsNobody) {
  const SocketAccess access(type::v1::ROLE_ADMIN);
  for (const char* peer : {"fd:17", "fd:", "fd:x", "unix:", ""}) {
    EXPECT_FALSE(access.IdentifyPeer(peer).authenticated) << peer;
  }
}

TEST(SocketAccess, ConnectionThatIsNoSocket_IsRefused) {
  SocketAccess access(type::v1::ROLE_ADMIN);
  EXPECT_EQ(access.Enter(AnyFd()).status().code(), absl::StatusCode::kUnauthenticated);
}

TEST(SocketAccess, RealCall_IsAuditedAsThisProcess) {
  AdminFixture fixture;
  const auto instances = admin::v1::InstanceService::NewStub(
      grpc::CreateChannel("unix:" + fixture.socket(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + test::kFailSafe);
  admin::v1::StopInstanceRequest request;
  request.set_name("office");
  admin::v1::StopInstanceResponse response;
  ASSERT_TRUE(instances->StopInstance(&context, request, &response).ok());
  const passwd* const own = getpwuid(getuid());
  const std::string name = own == nullptr ? "" : absl::StrCat("(", own->pw_name, ")");
  EXPECT_TRUE(fixture.logger().Mentions(
      absl::StrCat("caller=unix:uid=", getuid(), name, ",pid=", getpid(), " role=admin")));
}

}  // namespace
}  // namespace ovpnbroker::server
