// An HTTP listener with a few pages, each made anew for every GET, on threads of civetweb's. What
// it does not have is 404, other methods are 405. Owned by MetricsServer; the pages' makers are
// called on civetweb's threads.
#pragma once

#include <asio/ip/tcp.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

struct mg_context;
struct mg_connection;

namespace ovpnbroker::server {

struct HttpPage {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

class HttpListener {
 public:
  using Pages = std::map<std::string, std::function<HttpPage()>>;  // by path: "/metrics"

  // Requests that are served at a time; more of them wait.
  static constexpr int kThreads = 4;
  // A client that takes longer to send its request, or to read, is cut.
  static constexpr int kRequestTimeoutMs = 5000;

  // Listens on `address` ("127.0.0.1:9755", "[::1]:9755"). FAILED_PRECONDITION when that cannot be
  // had, with the reason.
  static absl::StatusOr<std::unique_ptr<HttpListener>> Start(const std::string& address,
                                                             Pages pages);
  // Waits for the requests that are being served.
  ~HttpListener();
  HttpListener(const HttpListener&) = delete;
  HttpListener& operator=(const HttpListener&) = delete;

  // Where it listens; for addresses with port 0.
  int port() const;

 private:
  explicit HttpListener(Pages pages) : pages_(std::move(pages)) {}

  static int OnRequest(mg_connection* connection, void* self);
  static int OnLog(const mg_connection* connection, const char* message);

  const Pages pages_;
  std::string start_error_;  // what civetweb said while it started
  mg_context* context_ = nullptr;
  asio::ip::tcp::endpoint endpoint_;
};

}  // namespace ovpnbroker::server
