// A unary admin call that is answered on the loop: gRPC's thread copies the request and posts, the
// loop answers, whoever is first of answer, cancel and shutdown finishes the call, once.
//
// The loop holds a LoopCall, gRPC holds its Reactor; the two know each other until the call is
// finished. A task on the loop that comes after that finds no reactor and changes nothing.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "policy/stream/mutex.h"
#include "server/admin/open_calls.h"
#include "server/admin/rpc_error.h"
#include "server/broker_control.h"

namespace ovpnbroker::server {

// What every admin service works with. Owned by AdminServer.
struct AdminContext {
  asio::io_context& loop;
  BrokerControl& broker;
  OpenCalls calls;
};

template <typename Response>
class LoopCall final : public AbortableCall {
 public:
  // A new call, abortable until it is finished. `reactor` is what gRPC wants returned.
  static std::shared_ptr<LoopCall> Start(OpenCalls& calls, Response* response,
                                         grpc::ServerUnaryReactor*& reactor) {
    auto* own_reactor = new Reactor;
    reactor = own_reactor;
    const std::shared_ptr<LoopCall> call(new LoopCall(calls, response, own_reactor));
    own_reactor->call = call;
    calls.Add(call);
    return call;
  }

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
    reactor->Finish(status);
  }

  void Abort(const grpc::Status& status) override { Finish(status); }

 private:
  struct Reactor final : grpc::ServerUnaryReactor {
    void OnCancel() override { call->Finish(grpc::Status::CANCELLED); }
    void OnDone() override { delete this; }

    std::shared_ptr<LoopCall> call;
  };

  LoopCall(OpenCalls& calls, Response* response, Reactor* reactor)
      : calls_(calls), response_(response), reactor_(reactor) {}

  OpenCalls& calls_;
  policy::Mutex mutex_;
  Response* response_ ABSL_GUARDED_BY(mutex_);  // valid while reactor_ is set
  // Null once finished; deletes itself when gRPC is done with it.
  Reactor* reactor_ ABSL_GUARDED_BY(mutex_);
};

// Runs `handle(request, call)` on the loop; it must lead to call->Finish, perhaps later.
template <typename Request, typename Response, typename Handle>
grpc::ServerUnaryReactor* HandleOnLoop(AdminContext& context, const Request* request,
                                       Response* response, Handle handle) {
  grpc::ServerUnaryReactor* reactor = nullptr;
  const auto call = LoopCall<Response>::Start(context.calls, response, reactor);
  asio::post(context.loop,
             [request = *request, call, handle = std::move(handle)] { handle(request, call); });
  return reactor;
}

// Runs `answer(request, response)` on the loop and finishes with the status it returns.
template <typename Request, typename Response, typename Answer>
grpc::ServerUnaryReactor* AnswerOnLoop(AdminContext& context, const Request* request,
                                       Response* response, Answer answer) {
  return HandleOnLoop(context, request, response,
                      [answer = std::move(answer)](
                          const Request& copy, const std::shared_ptr<LoopCall<Response>>& call) {
                        Response result;
                        const grpc::Status status = answer(copy, result);
                        call->Finish(status, std::move(result));
                      });
}

}  // namespace ovpnbroker::server
