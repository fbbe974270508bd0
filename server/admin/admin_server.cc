#include "server/admin/admin_server.h"

#include <chrono>
#include <utility>

#include "ovpn/base/status_macros.h"
#include "server/admin/admin_services.h"
#include "server/health/service_names.h"

namespace ovpnbroker::server {

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Start(
    const AdminEnvironment& environment, const std::vector<ListenerOptions>& listeners) {
  RETURN_IF_ERROR(CheckMethodRoles());
  std::unique_ptr<AdminServer> server(new AdminServer);
  for (const ListenerOptions& options : listeners) {
    ASSIGN_OR_RETURN(std::unique_ptr<AdminListener> listener,
                     AdminListener::Start(environment, options));
    server->listeners_.push_back(std::move(listener));
  }
  server->SetHealth(kAdminHealth, true);
  return server;
}

AdminServer::~AdminServer() { Shutdown(kDestructorGrace); }

void AdminServer::SetHealth(const std::string& name, bool serving) {
  for (const auto& listener : listeners_) listener->SetHealth(name, serving);
}

void AdminServer::SetMaxWatches(uint32_t max) {
  for (const auto& listener : listeners_) listener->SetMaxWatches(max);
}

void AdminServer::Shutdown(ovpn::Duration grace) {
  const ovpn::WallTime deadline =
      std::chrono::system_clock::now() +
      std::chrono::duration_cast<std::chrono::system_clock::duration>(grace);
  for (const auto& listener : listeners_) listener->AbortCalls();
  for (const auto& listener : listeners_) listener->Shutdown(deadline);
}

}  // namespace ovpnbroker::server
