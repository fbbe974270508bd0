// The admin API on all its listeners: our services, grpc.health.v1 and reflection. Owned by the
// broker's composition root and used on its thread; the services answer on the loop.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ovpn/base/clock.h"
#include "server/admin/admin_listener.h"

namespace ovpnbroker::server {

class AdminServer {
 public:
  // Listens everywhere and serves, or nowhere; health says SERVING. Calls wait until the loop runs.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Start(
      const AdminEnvironment& environment, const std::vector<ListenerOptions>& listeners);
  // Without a Shutdown before, one with kDestructorGrace.
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // Sets the health of one of our names: "ovpnbroker.policy", "instances/office".
  void SetHealth(const std::string& name, bool serving);
  // How many streams may be open on each listener; those that are stay so.
  void SetMaxWatches(uint32_t max);

  // Health says NOT_SERVING; open calls end with UNAVAILABLE (BROKER_STOPPING), and no new ones are
  // taken. Blocks until gRPC has let go of everything, at most `grace`: as long as somebody watches
  // health it takes all of it. The loop need not run.
  void Shutdown(ovpn::Duration grace);

 private:
  static constexpr ovpn::Duration kDestructorGrace = std::chrono::milliseconds(500);

  AdminServer() = default;

  std::vector<std::unique_ptr<AdminListener>> listeners_;
};

}  // namespace ovpnbroker::server
