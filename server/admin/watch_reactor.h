// A server stream of the admin API: whoever has news writes messages from any thread, one write is
// in flight, the rest waits here. A reader that does not read is cut, never waited for: the source
// looks at waiting() and calls Cut when that is too much for it.
//
// The source holds a Watch, gRPC holds its Reactor; the two know each other until the call is
// finished. What a source does after that changes nothing.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "policy/stream/mutex.h"
#include "server/admin/loop_call.h"
#include "server/admin/open_calls.h"

namespace ovpnbroker::server {

// How long a reader that was cut has to come back and read why, before its call is cancelled.
inline constexpr std::chrono::seconds kCutGrace{5};

template <typename Response>
class Watch final : public AbortableCall, public std::enable_shared_from_this<Watch<Response>> {
 public:
  using Reactor = grpc::ServerWriteReactor<Response>;

  // A new call, abortable until it is finished, which gives `slot` back. `reactor` is what gRPC
  // wants returned.
  static std::shared_ptr<Watch> Start(AdminContext& context, grpc::CallbackServerContext* call,
                                      WatchSlots::Slot slot, Reactor*& reactor) {
    auto* own_reactor = new WatchReactor;
    reactor = own_reactor;
    const std::shared_ptr<Watch> watch(new Watch(context, call, std::move(slot), own_reactor));
    own_reactor->watch = watch;
    context.calls.Add(watch);
    return watch;
  }

  // Set before the first Write. Both are called on the loop, perhaps once more after the end:
  // `on_drained` when everything that waited has been handed to the transport, `on_end` once;
  // neither when the call has ended before.
  void SetListener(std::function<void()> on_drained, std::function<void()> on_end) {
    const policy::MutexLock lock(mutex_);
    if (reactor_ == nullptr) return;  // ended already: nobody would ever let go of them
    on_drained_ = std::move(on_drained);
    on_end_ = std::move(on_end);
  }

  // Any thread. Nothing happens once the call is ending.
  void Write(Response response) {
    {
      const policy::MutexLock lock(mutex_);
      if (end_.has_value()) return;
      waiting_.push_back(std::move(response));
    }
    Advance();
  }
  // Ends the call after what waits. Any thread; the first end counts.
  void Finish(const grpc::Status& status) { End(status, /*discard=*/false); }
  // Ends the call without what waits.
  void Abort(const grpc::Status& status) override { End(status, /*discard=*/true); }
  // For a reader that is too slow: Abort, and cancel when the write in flight does not end either.
  void Cut(const grpc::Status& status) {
    Abort(status);
    auto timer = std::make_shared<asio::steady_timer>(loop_, kCutGrace);
    timer->async_wait([timer, self = this->shared_from_this()](const asio::error_code&) {
      const policy::MutexLock lock(self->mutex_);
      if (self->reactor_ != nullptr) self->call_->TryCancel();
    });
  }

  // Messages that wait or are in flight.
  size_t waiting() const {
    const policy::MutexLock lock(mutex_);
    return waiting_.size() + (writing_ ? 1 : 0);
  }
  bool ended() const {
    const policy::MutexLock lock(mutex_);
    return end_.has_value();
  }

 private:
  struct WatchReactor final : Reactor {
    void OnWriteDone(bool ok) override { watch->OnWriteDone(ok); }
    void OnCancel() override { watch->Abort(grpc::Status::CANCELLED); }
    void OnDone() override { delete this; }

    std::shared_ptr<Watch> watch;
  };

  Watch(AdminContext& context, grpc::CallbackServerContext* call, WatchSlots::Slot slot,
        Reactor* reactor)
      : loop_(context.loop),
        calls_(context.calls),
        call_(call),
        slot_(std::move(slot)),
        reactor_(reactor) {}

  void End(const grpc::Status& status, bool discard) {
    {
      const policy::MutexLock lock(mutex_);
      if (discard) waiting_.clear();
      if (!end_.has_value()) end_ = status;
    }
    Advance();
  }

  void OnWriteDone(bool ok) {
    {
      const policy::MutexLock lock(mutex_);
      writing_ = false;
      if (ok && waiting_.empty() && !end_.has_value() && on_drained_ != nullptr) {
        asio::post(loop_, on_drained_);
      }
    }
    if (!ok) return Abort(grpc::Status::CANCELLED);
    Advance();
  }

  // Takes the next step, if there is one. Decided under the mutex and done after it: a step keeps
  // gRPC's reactor alive (a write in flight) or is the last one (Finish).
  void Advance() {
    Reactor* finished = nullptr;
    Reactor* writer = nullptr;
    grpc::Status status;
    {
      const policy::MutexLock lock(mutex_);
      if (reactor_ == nullptr || writing_) return;
      if (!waiting_.empty()) {
        writing_ = true;
        in_flight_ = std::move(waiting_.front());
        waiting_.pop_front();
        writer = reactor_;
      } else if (end_.has_value()) {
        status = *end_;
        finished = std::exchange(reactor_, nullptr);
        if (on_end_ != nullptr) asio::post(loop_, std::exchange(on_end_, nullptr));
        on_drained_ = nullptr;
      }
    }
    if (writer != nullptr) writer->StartWrite(&in_flight_);
    if (finished == nullptr) return;
    slot_.reset();  // there is one last step, and only it gets here
    calls_.Remove(this);
    finished->Finish(status);
  }

  asio::io_context& loop_;
  OpenCalls& calls_;
  grpc::CallbackServerContext* const call_;  // valid while reactor_ is set
  WatchSlots::Slot slot_;
  mutable policy::Mutex mutex_;
  Reactor* reactor_ ABSL_GUARDED_BY(mutex_);  // null once finished
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  Response in_flight_;  // touched by whoever has set writing_
  std::deque<Response> waiting_ ABSL_GUARDED_BY(mutex_);
  std::optional<grpc::Status> end_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> on_drained_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> on_end_ ABSL_GUARDED_BY(mutex_);
};

// Runs `begin(request, watch)` on the loop, if the caller may watch and not too many do.
template <typename Request, typename Response, typename Begin>
grpc::ServerWriteReactor<Response>* WatchOnLoop(AdminContext& context,
                                                grpc::CallbackServerContext* call,
                                                const Request* request, Begin begin) {
  Admission admission = Admit(context.access.Identify(*call), *request, context.audit);
  WatchSlots::Slot slot = admission.status.ok() ? context.watches.Take() : nullptr;
  if (admission.status.ok() && slot == nullptr) {
    admission.status = TooManyWatches(context.watches.limit());
  }
  grpc::ServerWriteReactor<Response>* reactor = nullptr;
  const auto watch = Watch<Response>::Start(context, call, std::move(slot), reactor);
  admission.audit.Conclude(admission.status.ok(), StatusText(admission.status));
  if (!admission.status.ok()) {
    watch->Finish(admission.status);
    return reactor;
  }
  asio::post(context.loop,
             [request = *request, watch, begin = std::move(begin)] { begin(request, watch); });
  return reactor;
}

}  // namespace ovpnbroker::server
