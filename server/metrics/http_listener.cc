#include "server/metrics/http_listener.h"

#include <civetweb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "ovpn/base/unique_fd.h"

namespace ovpnbroker::server {
namespace {

const char* ReasonOf(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    default:
      return "Service Unavailable";
  }
}

// Between two knocks while civetweb stops.
constexpr std::chrono::milliseconds kKnockInterval{10};

// Where `address`, "[::1]:9755", is reached on this machine, with the port that it got.
asio::ip::tcp::endpoint EndpointOf(const std::string& address, int port) {
  const std::string host =
      absl::StrReplaceAll(address.substr(0, address.rfind(':')), {{"[", ""}, {"]", ""}});
  asio::error_code error;
  return {asio::ip::make_address(host, error), static_cast<uint16_t>(port)};
}

// A connection that is begun and not waited for; whether it comes about does not matter.
void Knock(const asio::ip::tcp::endpoint& endpoint) {
  const ovpn::UniqueFd socket(::socket(endpoint.protocol().family(),
                                       SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!socket.valid()) return;
  [[maybe_unused]] const int begun =
      connect(socket.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size()));
}

// Failures are the client's: it has gone.
void Send(mg_connection* connection, const HttpPage& page, bool with_body) {
  mg_printf(connection,
            "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
            "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
            page.status, ReasonOf(page.status), page.content_type.c_str(), page.body.size());
  if (with_body) mg_write(connection, page.body.data(), page.body.size());
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpListener>> HttpListener::Start(const std::string& address,
                                                                  Pages pages) {
  std::unique_ptr<HttpListener> listener(new HttpListener(std::move(pages)));
  mg_callbacks callbacks = {};
  callbacks.log_message = &HttpListener::OnLog;
  const std::string threads = absl::StrCat(kThreads);
  const std::string timeout = absl::StrCat(kRequestTimeoutMs);
  const char* options[] = {"listening_ports",    address.c_str(), "num_threads", threads.c_str(),
                           "request_timeout_ms", timeout.c_str(), nullptr};
  listener->context_ = mg_start(&callbacks, listener.get(), options);
  if (listener->context_ == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("metrics.address: cannot listen on ", address, ": ", listener->start_error_));
  }
  listener->endpoint_ = EndpointOf(address, listener->port());
  mg_set_request_handler(listener->context_, "**", &HttpListener::OnRequest, listener.get());
  return listener;
}

HttpListener::~HttpListener() {
  if (context_ == nullptr) return;
  // Before version 1.16, civetweb's thread that accepts looks whether it is to stop every 2 s only,
  // and whenever somebody comes.
  std::atomic<bool> stopped{false};
  std::thread stopper;
  try {
    stopper = std::thread([this, &stopped] {
      mg_stop(context_);
      stopped = true;
    });
  } catch (const std::system_error&) {
    mg_stop(context_);  // no thread can be had: then it takes its time
    return;
  }
  while (!stopped) {
    Knock(endpoint_);
    std::this_thread::sleep_for(kKnockInterval);
  }
  stopper.join();
}

int HttpListener::port() const {
  mg_server_port ports[1] = {};
  return mg_get_server_ports(context_, 1, ports) == 1 ? ports[0].port : 0;
}

int HttpListener::OnLog(const mg_connection* connection, const char* message) {
  auto* self = static_cast<HttpListener*>(mg_get_user_data(mg_get_context(connection)));
  // Later on it tells of clients that went away, on many threads, which nobody needs to know.
  if (self != nullptr && self->context_ == nullptr) self->start_error_ = message;
  return 1;
}

int HttpListener::OnRequest(mg_connection* connection, void* self) {
  const mg_request_info* request = mg_get_request_info(connection);
  const std::string method = request->request_method;
  const Pages& pages = static_cast<const HttpListener*>(self)->pages_;
  const auto page = pages.find(request->local_uri);
  HttpPage answer;
  if (page == pages.end()) {
    answer = {.status = 404, .body = "no such page; there are /metrics, /healthz and /readyz\n"};
  } else if (method != "GET" && method != "HEAD") {
    answer = {.status = 405, .body = "GET only\n"};
  } else {
    answer = page->second();
  }
  Send(connection, answer, method != "HEAD");
  return answer.status;
}

}  // namespace ovpnbroker::server
