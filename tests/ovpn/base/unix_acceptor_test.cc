#include "ovpn/base/unix_acceptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <asio/local/stream_protocol.hpp>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "ovpn/base/peer_credentials.h"
#include "tests/support/loop_runner.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::ovpn {
namespace {

using Client = asio::local::stream_protocol::socket;

class UnixAcceptorTest : public testing::Test {
 protected:
  void Listen() {
    acceptor_ = UnixAcceptor::Listen(loop_, path_, {},
                                     {[this](UniqueFd fd) { taken_.push_back(std::move(fd)); },
                                      [](const std::string& error) { ADD_FAILURE() << error; }})
                    .value();
  }
  Client Connect() {
    Client client(loop_);
    client.connect(asio::local::stream_protocol::endpoint(path_));
    return client;
  }

  test::TempDir dir_;
  std::string path_ = dir_.File("s");
  asio::io_context loop_;
  std::vector<UniqueFd> taken_;
  std::unique_ptr<UnixAcceptor> acceptor_;
};

TEST_F(UnixAcceptorTest, EachConnection_IsHandedOverOnce) {
  Listen();
  const Client first = Connect();
  const Client second = Connect();
  EXPECT_TRUE(test::RunUntil(loop_, [this] { return taken_.size() == 2; }));
  const Client third = Connect();
  EXPECT_TRUE(test::RunUntil(loop_, [this] { return taken_.size() == 3; }));
  EXPECT_NE(fcntl(taken_.back().get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(UnixAcceptorTest, Connection_TellsWhoseItIs) {
  Listen();
  const Client client = Connect();
  ASSERT_TRUE(test::RunUntil(loop_, [this] { return !taken_.empty(); }));
  const auto peer = PeerOf(taken_.front().get());
  ASSERT_TRUE(peer.has_value());
  EXPECT_EQ(peer->uid, geteuid());
  EXPECT_EQ(peer->pid, getpid());
}

TEST_F(UnixAcceptorTest, End_RemovesTheSocket) {
  Listen();
  EXPECT_TRUE(std::filesystem::exists(path_));
  acceptor_.reset();
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST(PeerOf, SocketWithoutAPeer_IsNobodys) {
  const UniqueFd lonely(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_FALSE(PeerOf(lonely.get()).has_value());
  EXPECT_FALSE(PeerOf(-1).has_value());
}

}  // namespace
}  // namespace ovpnbroker::ovpn
