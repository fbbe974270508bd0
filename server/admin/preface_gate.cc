#include "server/admin/preface_gate.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/match.h"

namespace ovpnbroker::server {
namespace {

// RFC 9113, 3.4.
constexpr absl::string_view kPrefaceText = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

enum class Begin { kNothing, kPreface, kOther, kEnd };

// What can be read now, and is left there. Asked whenever Asio says that something can: it may say
// so by mistake (ovpn/process/pidfd.h).
Begin PeekAt(int socket) {
  std::array<char, kPrefaceText.size()> bytes = {};
  // Never blocks, and no lock is held: the analyzer takes std::weak_ptr::lock for one.
  // NOLINTNEXTLINE(clang-analyzer-unix.BlockInCriticalSection)
  const ssize_t count = recv(socket, bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
  if (count < 0) return errno == EAGAIN || errno == EINTR ? Begin::kNothing : Begin::kEnd;
  if (count == 0) return Begin::kEnd;
  const absl::string_view begin(bytes.data(), static_cast<size_t>(count));
  // A client may write it in pieces. To wait for the rest here would be to be told of the first
  // piece again and again.
  return absl::StartsWith(kPrefaceText, begin) ? Begin::kPreface : Begin::kOther;
}

}  // namespace

PrefaceGate::PrefaceGate(asio::io_context& loop, const ovpn::Clock& clock, Listener listener)
    : loop_(loop),
      clock_(clock),
      listener_(std::move(listener)),
      timer_(loop, [this] { OnDeadline(); }) {}

void PrefaceGate::Enter(ovpn::UniqueFd connection) {
  if (waiting_.size() >= kMaxWaiting) CloseOldest("too many connections say nothing");
  const auto waiting = std::make_shared<Waiting>(
      Waiting{asio::posix::stream_descriptor(loop_), clock_.Now() + kMaxSilence});
  asio::error_code error;
  waiting->socket.assign(connection.get(), error);
  if (error) return Report("the kernel has no room to wait for it");
  connection.Release();
  waiting_.push_back(waiting);
  timer_.Arm(waiting_.front()->deadline);
  OnReadable(waiting);
}

void PrefaceGate::Wait(const std::shared_ptr<Waiting>& waiting) {
  waiting->socket.async_wait(
      asio::posix::stream_descriptor::wait_read,
      [this, held = std::weak_ptr<Waiting>(waiting)](const asio::error_code& error) {
        // Only this owns it: when it is there, this is.
        const std::shared_ptr<Waiting> there = held.lock();
        if (there != nullptr && !error) OnReadable(there);
      });
}

void PrefaceGate::OnReadable(const std::shared_ptr<Waiting>& waiting) {
  const Begin begin = PeekAt(waiting->socket.native_handle());
  if (begin == Begin::kNothing) return Wait(waiting);
  Remove(waiting);
  if (begin == Begin::kPreface) listener_.on_http2(ovpn::UniqueFd(waiting->socket.release()));
  if (begin == Begin::kOther) Report("its first bytes are not those of HTTP/2");
}

void PrefaceGate::OnDeadline() {
  while (!waiting_.empty() && waiting_.front()->deadline <= clock_.Now()) {
    CloseOldest("it has said nothing for too long");
  }
  if (!waiting_.empty()) timer_.Arm(waiting_.front()->deadline);
}

void PrefaceGate::CloseOldest(absl::string_view why) {
  waiting_.erase(waiting_.begin());
  Report(why);
}

void PrefaceGate::Remove(const std::shared_ptr<Waiting>& waiting) {
  std::erase(waiting_, waiting);
  timer_.Arm(waiting_.empty() ? std::optional<ovpn::SteadyTime>() : waiting_.front()->deadline);
}

void PrefaceGate::Report(absl::string_view why) {
  ++unreported_;
  if (clock_.Now() < next_report_) return;
  next_report_ = clock_.Now() + kReportInterval;
  listener_.on_closed(why, std::exchange(unreported_, 0));
}

}  // namespace ovpnbroker::server
