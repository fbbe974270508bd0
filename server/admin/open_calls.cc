#include "server/admin/open_calls.h"

#include <utility>

#include "server/admin/rpc_error.h"

namespace ovpnbroker::server {

void OpenCalls::Add(const std::shared_ptr<AbortableCall>& call) {
  {
    const policy::MutexLock lock(mutex_);
    if (!stopping_) {
      calls_.emplace(call.get(), call);
      return;
    }
  }
  call->Abort(StoppingError());
}

void OpenCalls::Remove(const AbortableCall* call) {
  std::shared_ptr<AbortableCall> removed;  // may be the last reference; goes after the lock
  const policy::MutexLock lock(mutex_);
  const auto found = calls_.find(call);
  if (found == calls_.end()) return;
  removed = std::move(found->second);
  calls_.erase(found);
}

void OpenCalls::AbortAll() {
  std::unordered_map<const AbortableCall*, std::shared_ptr<AbortableCall>> calls;
  {
    const policy::MutexLock lock(mutex_);
    stopping_ = true;
    calls.swap(calls_);
  }
  for (const auto& [key, call] : calls) call->Abort(StoppingError());
}

}  // namespace ovpnbroker::server
