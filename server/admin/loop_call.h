// A unary admin call that is answered on the loop: gRPC's thread checks the caller's role, copies
// the request and posts, the loop answers, whoever is first of answer, cancel and shutdown finishes
// the call, once. A call that is to change something leaves its audit record when it is finished.
//
// The loop holds a LoopCall, gRPC holds its Reactor; the two know each other until the call is
// finished. A task on the loop that comes after that finds no reactor and changes nothing.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "policy/stream/mutex.h"
#include "server/admin/access.h"
#include "server/admin/authorize.h"
#include "server/admin/open_calls.h"
#include "server/admin/rpc_error.h"
#include "server/admin/watch_slots.h"
#include "server/audit.h"
#include "server/broker_control.h"
#include "server/logging/log_level_control.h"
#include "server/logging/log_tail.h"

namespace ovpnbroker::server {

// What every admin service works with. Owned by its AdminListener.
struct AdminContext {
  asio::io_context& loop;
  BrokerControl& broker;
  AuditLog& audit;
  const Access& access;
  LogTail& log_tail;
  LogLevelControl& log_level;
  WatchSlots watches;
  OpenCalls calls;
};

template <typename Response>
class LoopCall final : public AbortableCall {
 public:
  // A new call, abortable until it is finished. `reactor` is what gRPC wants returned.
  static std::shared_ptr<LoopCall> Start(OpenCalls& calls, AuditGuard audit, Response* response,
                                         grpc::ServerUnaryReactor*& reactor) {
    auto* own_reactor = new Reactor;
    reactor = own_reactor;
    const std::shared_ptr<LoopCall> call(
        new LoopCall(calls, std::move(audit), response, own_reactor));
    own_reactor->call = call;
    calls.Add(call);
    return call;
  }

  // For the audit record of a call that answers OK though (part of) its work failed. Before Finish,
  // loop thread.
  void NoteFailure(std::string detail) { failure_ = std::move(detail); }

  // Any thread; does nothing when the call is finished already.
  void Finish(const grpc::Status& status, Response response = {}) {
    Reactor* reactor = nullptr;
    {
      const policy::MutexLock lock(mutex_);
      reactor = std::exchange(reactor_, nullptr);
      if (reactor == nullptr) return;
      if (status.ok()) *response_ = std::move(response);
    }
    calls_.Remove(this);
    audit_.Conclude(status.ok() && failure_.empty(),
                    failure_.empty() ? StatusText(status) : failure_);
    reactor->Finish(status);
  }

  void Abort(const grpc::Status& status) override { Finish(status); }

 private:
  struct Reactor final : grpc::ServerUnaryReactor {
    void OnCancel() override { call->Finish(grpc::Status::CANCELLED); }
    void OnDone() override { delete this; }

    std::shared_ptr<LoopCall> call;
  };

  LoopCall(OpenCalls& calls, AuditGuard audit, Response* response, Reactor* reactor)
      : calls_(calls), audit_(std::move(audit)), response_(response), reactor_(reactor) {}

  OpenCalls& calls_;
  AuditGuard audit_;  // touched by whoever finishes the call
  std::string failure_;
  policy::Mutex mutex_;
  Response* response_ ABSL_GUARDED_BY(mutex_);  // valid while reactor_ is set
  // Null once finished; deletes itself when gRPC is done with it.
  Reactor* reactor_ ABSL_GUARDED_BY(mutex_);
};

// Runs `handle(request, call)` on the loop, if the caller may; it must lead to call->Finish,
// perhaps later.
template <typename Request, typename Response, typename Handle>
grpc::ServerUnaryReactor* HandleOnLoop(AdminContext& context,
                                       const grpc::CallbackServerContext& server_context,
                                       const Request* request, Response* response, Handle handle) {
  Admission admission = Admit(context.access.Identify(server_context), *request, context.audit);
  grpc::ServerUnaryReactor* reactor = nullptr;
  const auto call =
      LoopCall<Response>::Start(context.calls, std::move(admission.audit), response, reactor);
  if (!admission.status.ok()) {
    call->Finish(admission.status);
    return reactor;
  }
  asio::post(context.loop,
             [request = *request, call, handle = std::move(handle)] { handle(request, call); });
  return reactor;
}

// Runs `answer(request, response)` on the loop and finishes with the status it returns.
template <typename Request, typename Response, typename Answer>
grpc::ServerUnaryReactor* AnswerOnLoop(AdminContext& context,
                                       const grpc::CallbackServerContext& server_context,
                                       const Request* request, Response* response, Answer answer) {
  return HandleOnLoop(context, server_context, request, response,
                      [answer = std::move(answer)](
                          const Request& copy, const std::shared_ptr<LoopCall<Response>>& call) {
                        Response result;
                        const grpc::Status status = answer(copy, result);
                        call->Finish(status, std::move(result));
                      });
}

}  // namespace ovpnbroker::server
