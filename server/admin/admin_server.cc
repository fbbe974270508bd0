#include "server/admin/admin_server.h"

#include <google/protobuf/descriptor.h>
#include <grp.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server_builder.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/base/status_macros.h"
#include "ovpnbroker/type/v1/options.pb.h"

namespace ovpnbroker::server {
namespace {

// Operators' clients may ping this often without being cut off.
constexpr int kMinPingIntervalMs = 10000;
// Between bind and the final permissions the socket is the broker's alone.
constexpr mode_t kBindUmask = 0177;

// Both are process-wide and must precede the first builder.
void EnableHealthAndReflection() {
  static std::once_flag once;
  std::call_once(once, [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  });
}

absl::Status ChangeGroup(const std::string& socket, const std::string& group) {
  if (group.empty()) return absl::OkStatus();
  const struct group* entry = getgrnam(group.c_str());
  if (entry == nullptr) {
    return absl::NotFoundError(absl::StrCat("admin.group: there is no group \"", group, "\""));
  }
  constexpr auto kKeepOwner = static_cast<uid_t>(-1);
  if (chown(socket.c_str(), kKeepOwner, entry->gr_gid) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot give ", socket, " to group ", group));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckMethodRoles() {
  const google::protobuf::FileDescriptor* const files[] = {
      admin::v1::Broker::descriptor()->file(), admin::v1::Instance::descriptor()->file(),
      admin::v1::Policy::descriptor()->file(), admin::v1::GetSessionRequest::descriptor()->file()};
  for (const auto* file : files) {
    const google::protobuf::ServiceDescriptor* service = file->service(0);
    for (int i = 0; i < service->method_count(); ++i) {
      const auto& options = service->method(i)->options();
      if (options.GetExtension(type::v1::required_role) == type::v1::ROLE_UNSPECIFIED) {
        return absl::InternalError(
            absl::StrCat(service->method(i)->full_name(), " has no required_role"));
      }
    }
  }
  return absl::OkStatus();
}

AdminServer::AdminServer(asio::io_context& loop, BrokerControl& broker)
    : context_{loop, broker, {}},
      broker_service_(context_),
      instance_service_(context_),
      policy_admin_service_(context_),
      session_service_(context_) {}

AdminServer::~AdminServer() { Shutdown(kDestructorGrace); }

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Start(const AdminServerOptions& options,
                                                                asio::io_context& loop,
                                                                BrokerControl& broker) {
  RETURN_IF_ERROR(CheckMethodRoles());
  EnableHealthAndReflection();
  std::unique_ptr<AdminServer> server(new AdminServer(loop, broker));
  RETURN_IF_ERROR(server->Listen(options));
  server->SetHealth(kHealthName, true);
  return server;
}

absl::Status AdminServer::Listen(const AdminServerOptions& options) {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(absl::StrCat("unix:", options.socket), grpc::InsecureServerCredentials(),
                           &port);
  builder.SetMaxReceiveMessageSize(kMaxRequestBytes);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kMinPingIntervalMs);
  grpc::Service* const services[] = {&broker_service_, &instance_service_, &policy_admin_service_,
                                     &session_service_};
  for (grpc::Service* service : services) builder.RegisterService(service);

  const mode_t old_umask = umask(kBindUmask);
  server_ = builder.BuildAndStart();
  umask(old_umask);
  if (server_ == nullptr || port == 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on the admin socket ", options.socket,
                     ": does its directory exist, and may the broker write there?"));
  }
  RETURN_IF_ERROR(ChangeGroup(options.socket, options.group));
  if (chmod(options.socket.c_str(), options.mode) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot set permissions of ", options.socket));
  }
  return absl::OkStatus();
}

void AdminServer::SetHealth(const std::string& name, bool serving) {
  if (server_ == nullptr) return;
  server_->GetHealthCheckService()->SetServingStatus(name, serving);
}

void AdminServer::Shutdown(ovpn::Duration grace) {
  if (server_ == nullptr) return;
  server_->GetHealthCheckService()->Shutdown();
  context_.calls.AbortAll();
  server_->Shutdown(std::chrono::system_clock::now() +
                    std::chrono::duration_cast<std::chrono::system_clock::duration>(grace));
  server_.reset();
}

}  // namespace ovpnbroker::server
