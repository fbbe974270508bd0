// Signals and systemd's notifications: the daemon's ends towards whoever started it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "ovpn/base/unique_fd.h"
#include "server/signals.h"
#include "server/systemd.h"
#include "tests/support/loop_runner.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::server {
namespace {

using testing::ElementsAre;
using testing::MatchesRegex;

TEST(Signals, EachSignal_ReachesItsHandler) {
  asio::io_context loop;
  std::vector<std::string> calls;
  const auto record = [&calls](const char* name) {
    return [&calls, name] { calls.emplace_back(name); };
  };
  Signals signals(loop, {record("terminate"), record("hand_over"), record("abort"),
                         record("reload"), record("attach"), record("detach")});
  for (const int signal : {SIGHUP, SIGUSR1, SIGUSR2, SIGTERM, SIGINT, SIGQUIT}) {
    raise(signal);
    const size_t expected = calls.size() + 1;
    ASSERT_TRUE(test::RunUntil(loop, [&] { return calls.size() == expected; }));
  }
  EXPECT_THAT(calls, ElementsAre("reload", "attach", "detach", "terminate", "abort", "abort"));
  signals.Stop();
  test::RunReady(loop);
}

TEST(Signals, Quit_HandsOver) {
  asio::io_context loop;
  int handed_over = 0;
  const auto unexpected = [] { ADD_FAILURE() << "another handler was called"; };
  Signals signals(loop, {.terminate = unexpected,
                         .hand_over = [&] { ++handed_over; },
                         .abort = unexpected,
                         .reload = unexpected,
                         .attach = unexpected,
                         .detach = unexpected});
  raise(SIGQUIT);
  EXPECT_TRUE(test::RunUntil(loop, [&] { return handed_over == 1; }));
  signals.Stop();
  test::RunReady(loop);
}

// A socket in place of systemd's.
class SystemdTest : public testing::Test {
 protected:
  SystemdTest() : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    const std::string path = dir_.File("notify");
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~SystemdTest() override {
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
  }

  // The next message; "" when there is none.
  std::string Receive() {
    char buffer[256];
    const ssize_t size = recv(fd_.get(), buffer, sizeof(buffer), MSG_DONTWAIT);
    return size > 0 ? std::string(buffer, static_cast<size_t>(size)) : "";
  }

  test::TempDir dir_;
  ovpn::UniqueFd fd_;
  asio::io_context loop_;
};

TEST_F(SystemdTest, LifeCycle_IsToldInSystemdsWords) {
  SystemdNotifier notifier(loop_);
  EXPECT_EQ(Receive(), "");  // no watchdog asked for
  notifier.Ready("2 instances");
  EXPECT_EQ(Receive(), "READY=1\nSTATUS=2 instances");
  notifier.Reloading();
  EXPECT_THAT(Receive(), MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+"));
  notifier.Stopping();
  EXPECT_EQ(Receive(), "STOPPING=1");
}

TEST_F(SystemdTest, Watchdog_IsFedFromTheLoop) {
  setenv("WATCHDOG_USEC", "20000", 1);
  SystemdNotifier notifier(loop_);
  EXPECT_EQ(Receive(), "WATCHDOG=1");
  EXPECT_TRUE(test::RunUntil(loop_, [this] { return Receive() == "WATCHDOG=1"; }));
}

TEST(Systemd, WithoutSocket_DoesNothing) {
  asio::io_context loop;
  SystemdNotifier notifier(loop);
  notifier.Ready("alone");
  notifier.Stopping();
}

}  // namespace
}  // namespace ovpnbroker::server
