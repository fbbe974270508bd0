// A management socket for benchmarks: blocking, over a unix stream socket. Errors end the program.
#pragma once

#include <poll.h>

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/write.hpp>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

namespace ovpnbroker::bench {

class StreamSocket {
 public:
  using Protocol = asio::local::stream_protocol;

  static StreamSocket Connect(const std::string& path) {
    StreamSocket connected;
    connected.socket_.connect(Protocol::endpoint(path));
    return connected;
  }

  // Reads what is there, up to the size of `buffer`; 0 when the other side has closed.
  size_t Read(std::string& buffer) {
    asio::error_code error;
    return socket_.read_some(asio::buffer(buffer), error);
  }
  void Write(const std::string& bytes) { asio::write(socket_, asio::buffer(bytes)); }

 private:
  friend class Listener;
  StreamSocket() : loop_(std::make_unique<asio::io_context>()), socket_(*loop_) {}

  std::unique_ptr<asio::io_context> loop_;
  Protocol::socket socket_;
};

class Listener {
 public:
  explicit Listener(const std::string& path)
      : acceptor_(loop_, StreamSocket::Protocol::endpoint(path)) {}

  // Waits for one connection. A controller that did not even start must not hold up the others.
  StreamSocket Accept() {
    pollfd incoming{acceptor_.native_handle(), POLLIN, 0};
    if (poll(&incoming, 1, kPatienceMilliseconds) != 1) {
      std::cerr << "no controller has connected\n";
      std::exit(EXIT_FAILURE);
    }
    StreamSocket accepted;
    acceptor_.accept(accepted.socket_);
    return accepted;
  }

 private:
  static constexpr int kPatienceMilliseconds = 20'000;

  asio::io_context loop_;
  StreamSocket::Protocol::acceptor acceptor_;
};

}  // namespace ovpnbroker::bench
