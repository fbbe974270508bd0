#include "ovpn/process/child_watch.h"

#include <errno.h>

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
      output_(loop),
      pause_(loop),
      grace_(loop),
      splitter_(kMaxChildLineBytes) {}

absl::Status ChildWatch::Start(SpawnedProcess& process) {
  asio::error_code error;
  pidfd_.assign(process.pidfd.get(), error);
  if (error) return absl::UnavailableError(absl::StrCat("cannot watch a child: ", error.message()));
  process.pidfd.Release();
  output_.assign(process.output.get(), error);
  if (error) return absl::UnavailableError(absl::StrCat("cannot read a child: ", error.message()));
  process.output.Release();
  output_.non_blocking(true, error);
  if (error) return absl::UnavailableError(absl::StrCat("cannot read a child: ", error.message()));
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

// OpenVPN writes its log line by line. Waiting a moment after the first one takes a burst in one go
// instead of waking up for each line.
void ChildWatch::AwaitOutput() {
  output_.async_wait(asio::posix::descriptor_base::wait_read, [self = shared_from_this()](
                                                                  const asio::error_code& error) {
    if (error) return self->OnOutputClosed();
    if (self->status_.has_value()) return self->ReadOutput();
    self->pause_.expires_after(kOutputPause);
    // Cancelled at the child's end: what it said last is read at once.
    self->pause_.async_wait([self](const asio::error_code&) { self->ReadOutput(); });
  });
}

void ChildWatch::ReadOutput() {
  for (int reads = 0; reads < kMaxReadsInARow; ++reads) {
    asio::error_code error;
    const size_t size = output_.read_some(asio::buffer(buffer_), error);
    if (error == asio::error::would_block) break;
    if (error) return OnOutputClosed();
    splitter_.Feed({buffer_.data(), size}, [this](absl::string_view line) { ReportLine(line); });
  }
  AwaitOutput();
}

void ChildWatch::OnOutputClosed() {
  splitter_.Finish([this](absl::string_view line) { ReportLine(line); });
  output_open_ = false;
  Close(output_);
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
      // Ends the pending read, which then reports.
      if (!error) Close(self->output_);
    });
    return;
  }
  if (observer_ != nullptr) std::exchange(observer_, nullptr)->OnChildExit(*status_);
}

}  // namespace ovpnbroker::ovpn
