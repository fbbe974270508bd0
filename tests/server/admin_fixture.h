// The admin server on a socket of the test's own, its loop on a thread, a fake broker behind it.
#pragma once

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "server/admin/admin_server.h"
#include "tests/server/fake_broker_control.h"
#include "tests/support/recording_logger.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::server {

class AdminFixture {
 public:
  static constexpr uint32_t kMaxWatches = 4;  // of each listener

  AdminFixture()
      : work_(asio::make_work_guard(loop_)),
        audit_(AuditLog::Make(logger_, {}).value()),
        server_(
            AdminServer::Start(
                {loop_, clock_, broker_, *audit_, log_tail_, log_level_, kMaxWatches}, Listeners())
                .value()),
        thread_([this] { loop_.run(); }) {}
  ~AdminFixture() {
    // Where the broker ends it as well.
    OnLoop([this](FakeBrokerControl&) { server_.reset(); });
    work_.reset();
    loop_.stop();
    thread_.join();
  }

  // Runs `task` on the loop and waits for it.
  void OnLoop(const std::function<void(FakeBrokerControl&)>& task) {
    std::promise<void> done;
    asio::post(loop_, [&] {
      task(broker_);
      done.set_value();
    });
    done.get_future().wait();
  }

  std::string socket() const { return dir_.File("admin.sock"); }
  // Whose callers have `role`; ROLE_UNSPECIFIED: none.
  std::string socket_of(type::v1::Role role) const {
    return dir_.File(type::v1::Role_Name(role) + ".sock");
  }
  const test::RecordingLogger& logger() const { return logger_; }
  LogTail& log_tail() { return log_tail_; }
  AdminServer& server() { return *server_; }
  asio::io_context& loop() { return loop_; }

 private:
  static ListenerOptions Listener(const std::string& socket, type::v1::Role role) {
    return UnixEndpoint{socket, 0600, "", role};
  }
  std::vector<ListenerOptions> Listeners() const {
    std::vector<ListenerOptions> listeners = {Listener(socket(), type::v1::ROLE_ADMIN)};
    for (const auto role : {type::v1::ROLE_UNSPECIFIED, type::v1::ROLE_VIEWER,
                            type::v1::ROLE_OPERATOR, type::v1::ROLE_ADMIN}) {
      listeners.push_back(Listener(socket_of(role), role));
    }
    return listeners;
  }

  test::TempDir dir_;
  asio::io_context loop_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  FakeBrokerControl broker_;
  test::RecordingLogger logger_;
  ovpn::SystemClock clock_;
  LogTail log_tail_{logger_, clock_};
  LogLevelControl log_level_{loop_, clock_, ovpn::LogLevel::kInfo, [](ovpn::LogLevel) {}};
  std::unique_ptr<AuditLog> audit_;
  std::unique_ptr<AdminServer> server_;
  std::thread thread_;
};

}  // namespace ovpnbroker::server
