#include "server/policy_sim/management_server.h"

#include <algorithm>
#include <array>
#include <asio/buffer.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/write.hpp>
#include <deque>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace ovpnbroker::policy_sim {
namespace {

using Protocol = asio::local::stream_protocol;

constexpr size_t kReadBytes = 4096;

}  // namespace

// Completions hold it: it outlives the server by the operations that are still pending.
class ManagementServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& loop, const std::string& path)
      : loop_(loop), acceptor_(loop, Protocol::endpoint(path)), socket_(loop) {}

  void Accept() {
    socket_ = Protocol::socket(loop_);
    acceptor_.async_accept(socket_, [self = shared_from_this()](const asio::error_code& error) {
      if (error) return;
      ++self->accepted;
      self->attached = true;
      self->reading = true;
      self->in_body_ = false;
      self->input_.clear();
      self->Say(self->greeting);
      self->Read();
    });
  }

  void Close() {
    asio::error_code ignored;
    acceptor_.close(ignored);
    Detach();
  }

  void Detach() {
    asio::error_code ignored;
    socket_.close(ignored);
    attached = false;
    output.clear();
  }

  void Say(absl::string_view bytes) {
    if (!attached || bytes.empty()) return;
    output.emplace_back(bytes);
    if (output.size() == 1) Write();
  }

  std::string greeting = absl::StrCat(kGreeting, kHold);
  BodyResponder responder = [](const std::string& line, const std::vector<std::string>&) {
    return DefaultReply(line);
  };
  bool remembers = true;
  bool attached = false;
  bool reading = true;
  int accepted = 0;
  std::vector<std::string> lines;
  std::deque<std::string> output;

 private:
  void Write() {
    asio::async_write(
        socket_, asio::buffer(output.front()),
        [self = shared_from_this(), connection = accepted](const asio::error_code& error, size_t) {
          if (error || !self->attached || connection != self->accepted) return;
          self->output.pop_front();
          if (!self->output.empty()) self->Write();
        });
  }

  void Read() {
    if (!reading) return;
    socket_.async_read_some(asio::buffer(buffer_),
                            [self = shared_from_this(), connection = accepted](
                                const asio::error_code& error, size_t size) {
                              if (!self->attached || connection != self->accepted) return;
                              if (error) {
                                self->Detach();
                                return self->Accept();
                              }
                              self->input_.append(self->buffer_.data(), size);
                              self->TakeLines();
                              if (self->attached) self->Read();
                            });
  }

  void TakeLines() {
    size_t end = 0;
    while (attached && (end = input_.find('\n')) != std::string::npos) {
      const std::string line = input_.substr(0, end);
      input_.erase(0, end + 1);
      if (remembers) lines.push_back(line);
      if (in_body_) {
        in_body_ = line != "END";
        if (in_body_) {
          body_.push_back(line);
        } else {
          Say(responder(body_of_, body_));
        }
      } else if (absl::StartsWith(line, "client-auth ")) {
        in_body_ = true;
        body_of_ = line;
        body_.clear();
      } else {
        Say(responder(line, {}));
      }
    }
  }

  asio::io_context& loop_;
  Protocol::acceptor acceptor_;
  Protocol::socket socket_;
  std::array<char, kReadBytes> buffer_ = {};
  std::string input_;
  bool in_body_ = false;
  std::string body_of_;
  std::vector<std::string> body_;
};

ManagementServer::ManagementServer(asio::io_context& loop, const std::string& path)
    : impl_(std::make_shared<Impl>(loop, path)) {
  impl_->Accept();
}

ManagementServer::~ManagementServer() { impl_->Close(); }

void ManagementServer::SetGreeting(std::string bytes) { impl_->greeting = std::move(bytes); }

void ManagementServer::SetResponder(Responder responder) {
  impl_->responder = [responder = std::move(responder)](const std::string& line,
                                                        const std::vector<std::string>&) {
    return responder(line);
  };
}

void ManagementServer::SetBodyResponder(BodyResponder responder) {
  impl_->responder = std::move(responder);
}

void ManagementServer::ForgetLines() {
  impl_->remembers = false;
  impl_->lines.clear();
}

std::string ManagementServer::DefaultReply(const std::string& line) {
  const std::string name = line.substr(0, line.find(' '));
  if (name == "version") {
    return "OpenVPN Version: OpenVPN 2.6.14 x86_64-pc-linux-gnu [SSL (OpenSSL)] [LZO] [LZ4]\r\n"
           "Management Version: 5\r\nEND\r\n";
  }
  if (name == "status") {
    return "TITLE\tOpenVPN 2.6.14 x86_64-pc-linux-gnu\r\n"
           "TIME\t2026-01-01 00:00:00\t1767225600\r\n"
           "HEADER\tCLIENT_LIST\tCommon Name\tReal Address\tVirtual Address\tVirtual IPv6 Address\t"
           "Bytes Received\tBytes Sent\tConnected Since\tConnected Since (time_t)\tUsername\t"
           "Client ID\tPeer ID\tData Channel Cipher\r\nEND\r\n";
  }
  if (name == "env-filter") return "SUCCESS: env_filter_level=0\r\n";
  if (line == "state") return "1767225600,CONNECTING,,,,,,\r\nEND\r\n";
  if (name == "state") return "SUCCESS: real-time state notification set to ON\r\n";
  if (line == "log on") return "SUCCESS: real-time log notification set to ON\r\n";
  if (line == "log off") return "SUCCESS: real-time log notification set to OFF\r\n";
  if (name == "bytecount") return "SUCCESS: bytecount interval changed\r\n";
  if (name == "hold") return "SUCCESS: hold release succeeded\r\n";
  if (name == "pid") return "SUCCESS: pid=4711\r\n";
  if (name == "signal") return absl::StrCat("SUCCESS: ", line, " thrown\r\n");
  if (name == "client-auth-nt") return "SUCCESS: client-auth command succeeded\r\n";
  if (absl::StartsWith(name, "client-")) {
    return absl::StrCat("SUCCESS: ", name, " command succeeded\r\n");
  }
  return "ERROR: unknown command, enter 'help' for more options\r\n";
}

void ManagementServer::Say(absl::string_view bytes) { impl_->Say(bytes); }

void ManagementServer::SaySlowly(absl::string_view bytes) {
  for (size_t i = 0; i < bytes.size(); ++i) impl_->Say(bytes.substr(i, 1));
}

void ManagementServer::StopReading() { impl_->reading = false; }

void ManagementServer::HangUp() {
  impl_->Detach();
  impl_->Accept();
}

bool ManagementServer::attached() const { return impl_->attached; }
int ManagementServer::accepted() const { return impl_->accepted; }
const std::vector<std::string>& ManagementServer::lines() const { return impl_->lines; }

bool ManagementServer::Heard(absl::string_view line) const {
  return std::find(impl_->lines.begin(), impl_->lines.end(), line) != impl_->lines.end();
}

size_t ManagementServer::unsent_bytes() const {
  size_t size = 0;
  for (const std::string& bytes : impl_->output) size += bytes.size();
  return size;
}

}  // namespace ovpnbroker::policy_sim
