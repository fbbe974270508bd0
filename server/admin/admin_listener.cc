#include "server/admin/admin_listener.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/impl/server_builder_plugin.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/status_macros.h"
#include "policy/stream/tls_credentials.h"
#include "server/admin/admin_services.h"

namespace ovpnbroker::server {
namespace {

// Operators' clients may ping this often without being cut off.
constexpr int kMinPingIntervalMs = 10000;
// How often certificate files are looked at.
constexpr std::chrono::seconds kCertificateRefresh{5};

// Both are process-wide and must precede the first builder.
void EnableHealthAndReflection() {
  static std::once_flag once;
  std::call_once(once, [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  });
}

// The plugin comes with every builder; this takes it out of one.
class WithoutReflection final : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments* /*arguments*/) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    const auto is_reflection = [](const std::unique_ptr<grpc::ServerBuilderPlugin>& plugin) {
      return absl::StrContains(plugin->name(), "reflection");
    };
    plugins->erase(std::remove_if(plugins->begin(), plugins->end(), is_reflection), plugins->end());
  }
};

void Configure(grpc::ServerBuilder& builder,
               const std::vector<std::unique_ptr<grpc::Service>>& services) {
  builder.SetMaxReceiveMessageSize(AdminListener::kMaxRequestBytes);
  // Otherwise a second process could share the port and take every other connection.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kMinPingIntervalMs);
  for (const auto& service : services) builder.RegisterService(service.get());
}

}  // namespace

AdminListener::AdminListener(const AdminEnvironment& environment,
                             std::shared_ptr<const Access> access)
    : access_(std::move(access)),
      context_{environment.loop,
               environment.broker,
               environment.audit,
               *access_,
               environment.log_tail,
               environment.log_level,
               WatchSlots(environment.max_watches),
               {}},
      services_(MakeAdminServices(context_)) {}

absl::StatusOr<std::unique_ptr<AdminListener>> AdminListener::Start(
    const AdminEnvironment& environment, const ListenerOptions& options) {
  EnableHealthAndReflection();
  if (const auto* tcp = std::get_if<TcpEndpoint>(&options)) {
    std::unique_ptr<AdminListener> listener(new AdminListener(environment, tcp->access));
    RETURN_IF_ERROR(listener->Listen(*tcp));
    return listener;
  }
  const auto& endpoint = std::get<UnixEndpoint>(options);
  const auto callers = std::make_shared<SocketAccess>(endpoint.role);
  std::unique_ptr<AdminListener> listener(new AdminListener(environment, callers));
  RETURN_IF_ERROR(listener->Listen(endpoint, environment.clock, *callers));
  return listener;
}

absl::Status AdminListener::Listen(const UnixEndpoint& endpoint, const ovpn::Clock& clock,
                                   SocketAccess& callers) {
  grpc::ServerBuilder builder;
  Configure(builder, services_);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) return absl::InternalError("gRPC does not start a server");
  gate_ = std::make_unique<PrefaceGate>(
      context_.loop, clock,
      PrefaceGate::Listener{
          .on_http2 = [this, &callers](ovpn::UniqueFd fd) { TakeIn(callers, std::move(fd)); },
          .on_closed =
              [this, socket = endpoint.socket](absl::string_view why, size_t count) {
                context_.log_tail.Warning(
                    "ADMIN_CONNECTION_CLOSED",
                    "a connection that is no client of the admin API was closed",
                    {{"socket", socket}, {"reason", why}, {"count", count}});
              }});
  // Accepted here and not by gRPC, which does not tell who connects.
  absl::StatusOr<std::unique_ptr<ovpn::UnixAcceptor>> acceptor = ovpn::UnixAcceptor::Listen(
      context_.loop, endpoint.socket, {endpoint.mode, endpoint.group},
      {.on_connection = [this](ovpn::UniqueFd fd) { gate_->Enter(std::move(fd)); },
       .on_failure =
           [this, socket = endpoint.socket](const std::string& error) {
             context_.log_tail.Warning("ADMIN_ACCEPT_FAILED",
                                       "an admin client could not be taken in; tried again",
                                       {{"socket", socket}, {"error", error}});
           }});
  if (!acceptor.ok()) {
    return absl::UnavailableError(absl::StrCat(
        "cannot listen on the admin socket ", endpoint.socket, ": ", acceptor.status().message(),
        "; its directory must exist, and the broker must be able to write there"));
  }
  acceptor_ = *std::move(acceptor);
  return absl::OkStatus();
}

void AdminListener::TakeIn(SocketAccess& callers, ovpn::UniqueFd connection) {
  absl::StatusOr<ovpn::UniqueFd> entered = callers.Enter(std::move(connection));
  if (!entered.ok()) {
    context_.log_tail.Warning("ADMIN_CONNECTION_REFUSED", "an admin client was turned away",
                              {{"reason", entered.status().message()}});
    return;
  }
  grpc::AddInsecureChannelFromFd(server_.get(), entered->Release());
}

absl::Status AdminListener::Listen(const TcpEndpoint& endpoint) {
  grpc::ServerBuilder builder;
  int port = 0;
  const ovpn::TlsFiles files{endpoint.client_ca, endpoint.certificate, endpoint.private_key};
  builder.AddListeningPort(endpoint.address,
                           policy::MakeTlsServerCredentials(files, kCertificateRefresh), &port);
  Configure(builder, services_);
  if (!endpoint.reflection) builder.SetOption(std::make_unique<WithoutReflection>());
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port == 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on admin.tcp.address ", endpoint.address,
                     ": is the address one of this machine, and is the port free?"));
  }
  return absl::OkStatus();
}

void AdminListener::SetHealth(const std::string& name, bool serving) {
  if (server_ == nullptr) return;
  server_->GetHealthCheckService()->SetServingStatus(name, serving);
}

void AdminListener::AbortCalls() {
  if (server_ == nullptr) return;
  server_->GetHealthCheckService()->Shutdown();
  context_.calls.AbortAll();
}

void AdminListener::Shutdown(ovpn::WallTime deadline) {
  if (server_ == nullptr) return;
  acceptor_.reset();
  gate_.reset();
  server_->Shutdown(deadline);
  server_.reset();
}

}  // namespace ovpnbroker::server
