#include "ovpn/management/link.h"

#include <errno.h>
#include <sys/socket.h>

#include <algorithm>
#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/write.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ovpn/base/unique_fd.h"

namespace ovpnbroker::ovpn {
namespace {

// Blocks that one system call takes along.
constexpr size_t kMaxBlocksPerWrite = 64;

absl::Status ConnectError(const asio::error_code& error) {
  const std::string text = absl::StrCat("cannot connect: ", error.message());
  if (error.value() == ENOENT || error.value() == ECONNREFUSED) {
    return absl::NotFoundError(text);
  }
  return absl::UnavailableError(text);
}

}  // namespace

void Link::Connect(const asio::generic::stream_protocol::endpoint& endpoint) {
  // Not left to Asio, whose sockets would be inherited by the children that the broker spawns.
  UniqueFd fd(socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  asio::error_code error;
  if (fd.valid()) {
    socket_.assign(endpoint.protocol(), fd.get(), error);
    if (!error) fd.Release();
  } else {
    error = asio::error_code(errno, asio::error::get_system_category());
  }
  if (error) {
    asio::post(socket_.get_executor(),
               [self = shared_from_this(), error] { self->Fail(ConnectError(error)); });
    return;
  }
  socket_.async_connect(endpoint, [self = shared_from_this()](const asio::error_code& failure) {
    if (self->owner_ == nullptr) return;
    if (failure) return self->Fail(ConnectError(failure));
    self->owner_->OnLinkConnected();
    self->Read();
  });
}

void Link::Write(absl::string_view bytes) {
  blocks_.emplace_back(bytes);
  waiting_bytes_ += bytes.size();
  if (!writing_ && !reading_messages_) StartWrite();
}

void Link::Close() {
  owner_ = nullptr;
  asio::error_code ignored;
  socket_.close(ignored);
}

void Link::Read() {
  if (owner_ == nullptr) return;
  const absl::Span<char> space = parser_.Prepare();
  socket_.async_read_some(
      asio::buffer(space.data(), space.size()),
      [self = shared_from_this()](const asio::error_code& error, size_t size) {
        if (self->owner_ == nullptr) return;
        if (error == asio::error::eof) {
          return self->Fail(absl::UnavailableError("OpenVPN closed the connection"));
        }
        if (error) return self->Fail(absl::UnavailableError("read: " + error.message()));
        self->parser_.Commit(size);
        self->DeliverMessages();
        self->Read();
      });
}

// What is answered meanwhile is written together at the end.
void Link::DeliverMessages() {
  reading_messages_ = true;
  while (owner_ != nullptr) {
    std::optional<Message> message = parser_.Next();
    if (!message.has_value()) break;
    owner_->OnLinkMessage(*std::move(message));
  }
  reading_messages_ = false;
  if (owner_ != nullptr && !writing_ && !blocks_.empty()) StartWrite();
}

void Link::StartWrite() {
  const size_t count = std::min(blocks_.size(), kMaxBlocksPerWrite);
  std::vector<asio::const_buffer> buffers;
  buffers.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const absl::string_view bytes = blocks_[i].Reveal();
    buffers.emplace_back(bytes.data(), bytes.size());
  }
  writing_ = true;
  asio::async_write(socket_, buffers,
                    [self = shared_from_this(), count](const asio::error_code& error, size_t size) {
                      if (self->owner_ == nullptr) return;
                      // OpenVPN's last words may still be there to be read, and the reader sees the
                      // end as well.
                      if (error) return;
                      self->writing_ = false;
                      self->waiting_bytes_ -= size;
                      self->blocks_.erase(
                          self->blocks_.begin(),
                          self->blocks_.begin() + static_cast<std::ptrdiff_t>(count));
                      if (!self->blocks_.empty()) self->StartWrite();
                    });
}

void Link::Fail(const absl::Status& status) {
  Owner* const owner = owner_;
  Close();
  if (owner != nullptr) owner->OnLinkClosed(status);
}

}  // namespace ovpnbroker::ovpn
