#include "ovpn/instance/tool_socket.h"

#include <algorithm>
#include <asio/buffer.hpp>
#include <asio/write.hpp>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace ovpnbroker::ovpn {
namespace {

// Texts that one system call takes along.
constexpr size_t kMaxTextsPerWrite = 16;

}  // namespace

ToolSocket::ToolSocket(asio::io_context& loop, UniqueFd fd, Passthrough& passthrough)
    : socket_(loop), linger_timer_(loop), passthrough_(&passthrough) {
  asio::error_code error;
  socket_.assign(asio::local::stream_protocol(), fd.get(), error);
  if (!error) fd.Release();
}

void ToolSocket::RequestInput() {
  socket_.async_read_some(asio::buffer(input_), [self = shared_from_this()](
                                                    const asio::error_code& error, size_t size) {
    if (self->passthrough_ == nullptr) return;
    if (error == asio::error::eof) return self->passthrough_->OnInputEnd(self->id_);
    if (error) return self->Fail();
    self->passthrough_->OnInput(self->id_, absl::string_view(self->input_.data(), size));
  });
}

void ToolSocket::Write(std::shared_ptr<const std::string> text) {
  waiting_bytes_ += text->size();
  output_.push_back(std::move(text));
  if (!writing_) StartWrite();
}

void ToolSocket::StartWrite() {
  const size_t count = std::min(output_.size(), kMaxTextsPerWrite);
  std::vector<asio::const_buffer> buffers;
  buffers.reserve(count);
  for (size_t i = 0; i < count; ++i) buffers.emplace_back(asio::buffer(*output_[i]));
  writing_ = true;
  asio::async_write(socket_, buffers,
                    [self = shared_from_this(), count](const asio::error_code& error, size_t size) {
                      self->OnWriteDone(error, count, size);
                    });
}

void ToolSocket::OnWriteDone(const asio::error_code& error, size_t count, size_t size) {
  writing_ = false;
  if (error) return Fail();
  waiting_bytes_ -= size;
  output_.erase(output_.begin(), output_.begin() + static_cast<std::ptrdiff_t>(count));
  if (!output_.empty()) {
    StartWrite();
  } else if (closing_) {
    return Close();
  }
  if (passthrough_ != nullptr) passthrough_->OnWritten(id_);
}

void ToolSocket::CloseWhenWritten() {
  passthrough_ = nullptr;
  if (output_.empty()) return Close();
  closing_ = true;
  linger_timer_.expires_after(kLingerTime);
  linger_timer_.async_wait([self = shared_from_this()](const asio::error_code& error) {
    if (!error) self->Close();
  });
}

void ToolSocket::Close() {
  passthrough_ = nullptr;
  linger_timer_.cancel();
  asio::error_code ignored;
  socket_.close(ignored);
}

void ToolSocket::Fail() {
  Passthrough* const passthrough = passthrough_;
  Close();
  if (passthrough != nullptr) passthrough->OnGone(id_);
}

}  // namespace ovpnbroker::ovpn
