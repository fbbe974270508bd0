// Who calls, and what they may do: a unix socket's callers all have one role (socket_access.h), or
// each has the roles that its certificate's names are granted. The latter is owned by the broker's
// composition root and shared with the listener; thread-safe.
#pragma once

#include <grpcpp/server_context.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "ovpnbroker/type/v1/options.pb.h"
#include "policy/stream/mutex.h"
#include "server/config/san_pattern.h"

namespace ovpnbroker::server {

struct Caller {
  std::string name;            // for audit records
  bool authenticated = false;  // we know who it is
  type::v1::Role role = type::v1::ROLE_UNSPECIFIED;
};

class Access {
 public:
  virtual ~Access() = default;
  virtual Caller Identify(const grpc::ServerContextBase& call) const = 0;
};

// By the verified certificate's subject alternative names (URI and DNS); never its common name.
class CertificateAccess final : public Access {
 public:
  struct Grant {
    SanPattern pattern;
    type::v1::Role role;
  };
  using Grants = std::vector<Grant>;

  explicit CertificateAccess(Grants grants) : grants_(std::move(grants)) {}
  Caller Identify(const grpc::ServerContextBase& call) const override;
  // Counts from the next call on, also on connections that are open.
  void Replace(Grants grants);

 private:
  Grants CurrentGrants() const {
    const policy::MutexLock lock(mutex_);
    return grants_;
  }

  mutable policy::Mutex mutex_;
  Grants grants_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ovpnbroker::server
