// The admin calls that are not finished yet. A call that never finishes would keep a gRPC server
// from shutting down, so the server finishes what is left here. Thread-safe.
#pragma once

#include <grpcpp/support/status.h>

#include <memory>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "policy/stream/mutex.h"

namespace ovpnbroker::server {

// A call that can be finished from any thread; the first Abort or answer counts.
class AbortableCall {
 public:
  virtual ~AbortableCall() = default;
  virtual void Abort(const grpc::Status& status) = 0;
};

class OpenCalls {
 public:
  // Holds `call` until Remove. After AbortAll it is aborted at once instead.
  void Add(const std::shared_ptr<AbortableCall>& call);
  void Remove(const AbortableCall* call);
  // Finishes all open calls and every later one with StoppingError().
  void AbortAll();

 private:
  policy::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::unordered_map<const AbortableCall*, std::shared_ptr<AbortableCall>> calls_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace ovpnbroker::server
