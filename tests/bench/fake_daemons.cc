#include "tests/bench/fake_daemons.h"

#include <algorithm>
#include <asio/buffer.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/write.hpp>
#include <cstdlib>
#include <iostream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tests/support/fake_management_server.h"

namespace ovpnbroker::bench {
namespace {

using Protocol = asio::local::stream_protocol;

constexpr size_t kReadBytes = 64 * 1024;
// How long controllers may take to come, and an answer to be given.
constexpr std::chrono::seconds kPatience{20};
constexpr absl::string_view kConnected = ">STATE:1767225600,CONNECTED,SUCCESS,10.8.0.1,,,,\r\n";

[[noreturn]] void Die(const std::string& why) {
  std::cerr << why << '\n';
  std::exit(EXIT_FAILURE);
}

}  // namespace

// Lives as long as the loop has something to tell it.
class FakeDaemons::Daemon : public std::enable_shared_from_this<Daemon> {
 public:
  Daemon(asio::io_context& loop, const std::string& path, const std::vector<std::string>& clients,
         Controller controller)
      : acceptor_(loop, Protocol::endpoint(path)),
        socket_(loop),
        clients_(clients),
        controller_(controller) {}

  void Accept() {
    acceptor_.async_accept(socket_, [self = shared_from_this()](const asio::error_code& error) {
      if (error) Die(absl::StrCat("no controller: ", error.message()));
      self->Write(
          absl::StrCat(test::FakeManagementServer::kGreeting, test::FakeManagementServer::kHold));
      if (self->controller_ == Controller::kRival) self->ready = 1;
      self->Read();
    });
  }

  void Ask(size_t begin, size_t end, size_t window) {
    answered = begin;
    asked_ = begin;
    end_ = end;
    window_ = window;
    Write(Questions());
  }

  size_t ready = 0;  // 1 once the controller is
  size_t answered = 0;

 private:
  // Of as many clients as the window has room for. They go out in one system call, since who asks
  // must not be slower than who is measured.
  std::string Questions() {
    std::string questions;
    for (; asked_ < end_ && asked_ - answered < window_; ++asked_) questions += clients_[asked_];
    return questions;
  }

  void Read() {
    socket_.async_read_some(asio::buffer(chunk_), [self = shared_from_this()](
                                                      const asio::error_code& error, size_t size) {
      if (error) Die(absl::StrCat("a controller left: ", error.message()));
      self->TakeBytes(absl::string_view(self->chunk_.data(), size));
      self->Read();
    });
  }

  void TakeBytes(absl::string_view bytes) {
    unread_.append(bytes.data(), bytes.size());
    std::string replies;
    size_t begin = 0;
    for (size_t end; (end = unread_.find('\n', begin)) != std::string::npos; begin = end + 1) {
      TakeLine(unread_.substr(begin, end - begin), replies);
    }
    unread_.erase(0, begin);
    Write(replies + Questions());
  }

  void TakeLine(const std::string& line, std::string& replies) {
    if (in_block_) {
      if (line != "END") return;
      in_block_ = false;
      replies += "SUCCESS: client-auth command succeeded\r\n";
      ++answered;
    } else if (absl::StartsWith(line, "client-auth ")) {
      in_block_ = true;
    } else if (absl::StartsWith(line, "client-pending-auth ")) {
      replies += "SUCCESS: client-pending-auth command succeeded\r\n";
    } else if (absl::StartsWith(line, "client-")) {
      Die(absl::StrCat("a controller gave another answer than a block: ", line));
    } else {
      replies += test::FakeManagementServer::DefaultReply(line);
      if (line != "hold release") return;
      replies.append(kConnected.data(), kConnected.size());
      ready = 1;
    }
  }

  void Write(const std::string& bytes) {
    if (!bytes.empty()) asio::write(socket_, asio::buffer(bytes));
  }

  Protocol::acceptor acceptor_;
  Protocol::socket socket_;
  const std::vector<std::string>& clients_;
  const Controller controller_;
  std::string chunk_ = std::string(kReadBytes, '\0');
  std::string unread_;
  bool in_block_ = false;  // of a client-auth
  size_t asked_ = 0;
  size_t end_ = 0;
  size_t window_ = 0;
};

FakeDaemons::FakeDaemons(const std::vector<std::string>& clients, Controller controller)
    : clients_(clients), controller_(controller) {}

FakeDaemons::~FakeDaemons() = default;

void FakeDaemons::Listen(const std::string& path) {
  daemons_.push_back(std::make_shared<Daemon>(loop_, path, clients_, controller_));
  daemons_.back()->Accept();
}

void FakeDaemons::AwaitControllers() { RunUntil(&Daemon::ready, 1); }

ovpn::Duration FakeDaemons::Ask(size_t begin, size_t end, size_t window) {
  const ovpn::SteadyTime start = std::chrono::steady_clock::now();
  for (const auto& daemon : daemons_) daemon->Ask(begin, end, window);
  RunUntil(&Daemon::answered, end);
  return std::chrono::steady_clock::now() - start;
}

void FakeDaemons::RunUntil(size_t Daemon::* counter, size_t goal) {
  for (const auto& daemon : daemons_) {
    while ((*daemon).*counter < goal) {
      if (loop_.run_one_for(kPatience) == 0) Die("a controller does not answer");
    }
  }
}

}  // namespace ovpnbroker::bench
