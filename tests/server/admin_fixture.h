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

#include "server/admin/admin_server.h"
#include "tests/server/fake_broker_control.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::server {

class AdminFixture {
 public:
  AdminFixture()
      : work_(asio::make_work_guard(loop_)),
        server_(AdminServer::Start({socket(), 0600, ""}, loop_, broker_).value()),
        thread_([this] { loop_.run(); }) {}
  ~AdminFixture() {
    server_.reset();
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
  AdminServer& server() { return *server_; }
  asio::io_context& loop() { return loop_; }

 private:
  test::TempDir dir_;
  asio::io_context loop_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  FakeBrokerControl broker_;
  std::unique_ptr<AdminServer> server_;
  std::thread thread_;
};

}  // namespace ovpnbroker::server
