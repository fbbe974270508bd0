// The callers of a unix socket: all have one role, since whoever may open the file may call, and
// each has the name of the user who runs its process, by the kernel's word.
//
// gRPC tells of a connection that it was handed nothing but the number of its descriptor, and that
// number is free for another connection as soon as this one has ended, perhaps while a last call of
// it is still to be named. So a number that has been one user's is never made another's: a call
// cannot be laid at somebody else's door. (The pid may be that of another process of the user.)
//
// Owned by its listener, which enters connections on the loop; thread-safe.
#pragma once

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/peer_credentials.h"
#include "ovpn/base/unique_fd.h"
#include "policy/stream/mutex.h"
#include "server/admin/access.h"

namespace ovpnbroker::server {

class SocketAccess final : public Access {
 public:
  explicit SocketAccess(type::v1::Role role) : role_(role) {}

  // Notes whose connection this is. The same connection, for gRPC, whose calls Identify knows by
  // its number. UNAUTHENTICATED: the kernel does not say who it is. RESOURCE_EXHAUSTED: no number
  // is left.
  absl::StatusOr<ovpn::UniqueFd> Enter(ovpn::UniqueFd connection);
  // As Enter, when it is known whose the connection is.
  absl::StatusOr<ovpn::UniqueFd> Enter(ovpn::UniqueFd connection,
                                       const ovpn::PeerCredentials& owner);

  // "unix:uid=1000(alice),pid=4242".
  Caller Identify(const grpc::ServerContextBase& call) const override;
  // `peer` as gRPC has it: "fd:17".
  Caller IdentifyPeer(absl::string_view peer) const;

 private:
  const type::v1::Role role_;
  mutable policy::Mutex mutex_;
  // By number; of the connection that had it last. No longer than the process's descriptor limit.
  absl::flat_hash_map<int, ovpn::PeerCredentials> owners_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ovpnbroker::server
