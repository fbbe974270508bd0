// The admin API on its unix socket: our services, grpc.health.v1 and reflection. Owned by the
// broker's composition root and used on its thread; the services answer on the loop.
//
// gRPC replaces whatever stands at the socket's path: hold the runtime directory's lock first.
#pragma once

#include <grpcpp/server.h>

#include <asio/io_context.hpp>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ovpn/base/clock.h"
#include "server/admin/loop_call.h"
#include "server/admin/session_service.h"
#include "server/admin/status_services.h"
#include "server/broker_control.h"

namespace ovpnbroker::server {

struct AdminServerOptions {
  std::string socket;    // absolute path, at most 107 bytes; its directory exists
  uint32_t mode = 0660;  // permissions of the socket
  std::string group;     // owner group by name; empty: the process's own
};

class AdminServer {
 public:
  // Largest request; the answers of list calls may be larger.
  static constexpr int kMaxRequestBytes = 256 * 1024;
  // Health check name of the admin API, besides "" for the process.
  static constexpr char kHealthName[] = "ovpnbroker.admin.v1";

  // Listens and serves; health says SERVING. Calls wait until `loop` runs. `broker` and `loop` must
  // outlive this.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Start(const AdminServerOptions& options,
                                                            asio::io_context& loop,
                                                            BrokerControl& broker);
  // Without a Shutdown before, one with kDestructorGrace.
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // Sets the health of one of our names: "ovpnbroker.policy", "instances/office".
  void SetHealth(const std::string& name, bool serving);

  // Health says NOT_SERVING; open calls end with UNAVAILABLE (BROKER_STOPPING), and no new ones are
  // taken. Blocks until gRPC has let go of everything, at most `grace`: as long as somebody watches
  // health it takes all of it. The loop need not run.
  void Shutdown(ovpn::Duration grace);

 private:
  static constexpr ovpn::Duration kDestructorGrace = std::chrono::milliseconds(500);

  AdminServer(asio::io_context& loop, BrokerControl& broker);

  absl::Status Listen(const AdminServerOptions& options);

  AdminContext context_;
  BrokerService broker_service_;
  InstanceService instance_service_;
  PolicyAdminService policy_admin_service_;
  SessionService session_service_;
  std::unique_ptr<grpc::Server> server_;
};

// INTERNAL, naming the method, when a method of the admin API has no required_role.
absl::Status CheckMethodRoles();

}  // namespace ovpnbroker::server
