// One place where the admin API listens: a gRPC server of its own with its own services, so that
// what comes in here has the access that belongs here, and one listener's load or shutdown is not
// another's. Owned by AdminServer; used on the loop's thread.
#pragma once

#include <grpcpp/server.h>

#include <asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/unix_acceptor.h"
#include "server/admin/access.h"
#include "server/admin/loop_call.h"
#include "server/admin/preface_gate.h"
#include "server/admin/socket_access.h"
#include "server/audit.h"
#include "server/broker_control.h"

namespace ovpnbroker::server {

// What the services of all listeners work with; all of it outlives them.
struct AdminEnvironment {
  asio::io_context& loop;
  const ovpn::Clock& clock;
  BrokerControl& broker;
  AuditLog& audit;
  LogTail& log_tail;
  LogLevelControl& log_level;
  uint32_t max_watches;  // of each listener
};

struct UnixEndpoint {
  std::string socket;    // absolute path, at most 107 bytes; its directory exists
  uint32_t mode = 0660;  // permissions of the socket
  std::string group;     // owner group by name; empty: the process's own
  type::v1::Role role = type::v1::ROLE_UNSPECIFIED;  // of everybody who may open it
};

// Always with TLS and a client certificate. The files are read again when they change.
struct TcpEndpoint {
  std::string address;  // 192.0.2.1:7443, [::]:7443
  std::string certificate;
  std::string private_key;
  std::string client_ca;
  bool reflection = false;
  std::shared_ptr<const Access> access;
};

using ListenerOptions = std::variant<UnixEndpoint, TcpEndpoint>;

class AdminListener {
 public:
  // Largest request; the answers of list calls may be larger.
  static constexpr int kMaxRequestBytes = 256 * 1024;

  static absl::StatusOr<std::unique_ptr<AdminListener>> Start(const AdminEnvironment& environment,
                                                              const ListenerOptions& options);

  void SetHealth(const std::string& name, bool serving);
  void SetMaxWatches(uint32_t max) { context_.watches.SetLimit(max); }
  // Health says NOT_SERVING, open calls end with UNAVAILABLE (BROKER_STOPPING).
  void AbortCalls();
  // After AbortCalls. Blocks until gRPC has let go of everything, or until `deadline`.
  void Shutdown(ovpn::WallTime deadline);

 private:
  AdminListener(const AdminEnvironment& environment, std::shared_ptr<const Access> access);

  absl::Status Listen(const UnixEndpoint& endpoint, const ovpn::Clock& clock,
                      SocketAccess& callers);
  absl::Status Listen(const TcpEndpoint& endpoint);
  void TakeIn(SocketAccess& callers, ovpn::UniqueFd connection);

  const std::shared_ptr<const Access> access_;
  AdminContext context_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<PrefaceGate> gate_;             // of a unix socket
  std::unique_ptr<ovpn::UnixAcceptor> acceptor_;  // brings the gate its connections
};

}  // namespace ovpnbroker::server
