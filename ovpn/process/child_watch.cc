#include "ovpn/process/child_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/process/pidfd.h"
#include "ovpn/process/posix_launcher.h"

namespace ovpnbroker::ovpn {
namespace {

// How long a line of the child's may wait for the next ones.
constexpr std::chrono::milliseconds kOutputPause{20};
// Then other things of the loop get their turn.
constexpr int kMaxReadsInARow = 16;

void Close(asio::posix::stream_descriptor& descriptor) {
  asio::error_code ignored;
  descriptor.close(ignored);
}

}  // namespace

ChildWatch::ChildWatch(asio::io_context& loop, ChildObserver& observer)
    : observer_(&observer),
      pidfd_(loop),
      awaited_output_(loop),
      pause_(loop),
      grace_(loop),
      splitter_(kMaxChildLineBytes) {}

absl::Status ChildWatch::Start(SpawnedProcess& process) {
  asio::error_code error;
  pidfd_.assign(process.pidfd.get(), error);
  if (error) return absl::UnavailableError(absl::StrCat("cannot watch a child: ", error.message()));
  process.pidfd.Release();
  output_ = std::move(process.output);
  if (fcntl(output_.get(), F_SETFL, O_NONBLOCK) != 0) {
    return absl::ErrnoToStatus(errno, "cannot read a child");
  }
  WaitForEnd();
  AwaitOutput();
  return absl::OkStatus();
}

absl::Status ChildWatch::Signal(int signal) {
  if (!status_.has_value() && pidfd_send_signal(pidfd_.native_handle(), signal, nullptr, 0) == 0) {
    return absl::OkStatus();
  }
  if (status_.has_value() || errno == ESRCH) {
    return absl::NotFoundError("the process has ended");
  }
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot send signal ", signal));
}

void ChildWatch::WaitForEnd() {
  pidfd_.async_wait(asio::posix::descriptor_base::wait_read,
                    [self = shared_from_this()](const asio::error_code& error) {
                      if (error) return;
                      self->status_ = ReapProcess(self->pidfd_.native_handle());
                      if (!self->status_.has_value()) {
                        self->WaitForEnd();
                        return;
                      }
                      Close(self->pidfd_);
                      self->pause_.cancel();
                      self->ReportExitWhenComplete();
                    });
}

// OpenVPN writes its log line by line. After the first one the descriptor is left alone for a
// moment: a burst is read in one go, and its other lines do not wake the loop.
void ChildWatch::AwaitOutput() {
  asio::error_code no_room;
  awaited_output_.assign(output_.get(), no_room);
  if (no_room) return PauseOutput();  // and looks again then
  output_.Release();
  awaited_output_.async_wait(asio::posix::descriptor_base::wait_read,
                             [self = shared_from_this()](const asio::error_code& error) {
                               if (error || !self->output_open_) return;
                               self->output_.Reset(self->awaited_output_.release());
                               if (self->status_.has_value()) return self->ReadOutput();
                               self->PauseOutput();
                             });
}

void ChildWatch::PauseOutput() {
  pause_.expires_after(kOutputPause);
  // Cancelled at the child's end: what it said last is read at once.
  pause_.async_wait([self = shared_from_this()](const asio::error_code&) {
    if (self->output_open_) self->ReadOutput();
  });
}

void ChildWatch::ReadOutput() {
  for (int reads = 0; reads < kMaxReadsInARow; ++reads) {
    const ssize_t size = read(output_.get(), buffer_.data(), buffer_.size());
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (size <= 0) return OnOutputClosed();
    splitter_.Feed({buffer_.data(), static_cast<size_t>(size)},
                   [this](absl::string_view line) { ReportLine(line); });
  }
  AwaitOutput();
}

void ChildWatch::OnOutputClosed() {
  splitter_.Finish([this](absl::string_view line) { ReportLine(line); });
  output_open_ = false;
  Close(awaited_output_);
  output_.Reset();
  grace_.cancel();
  ReportExitWhenComplete();
}

void ChildWatch::ReportLine(absl::string_view line) {
  if (observer_ != nullptr) observer_->OnChildOutput(line);
}

void ChildWatch::ReportExitWhenComplete() {
  if (!status_.has_value()) return;
  if (output_open_) {
    grace_.expires_after(kOutputGrace);
    grace_.async_wait([self = shared_from_this()](const asio::error_code& error) {
      if (!error) self->OnOutputClosed();
    });
    return;
  }
  if (observer_ != nullptr) std::exchange(observer_, nullptr)->OnChildExit(*status_);
}

}  // namespace ovpnbroker::ovpn
