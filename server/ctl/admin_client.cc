#include "server/ctl/admin_client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/base/unique_fd.h"
#include "server/ctl/endpoint.h"
#include "server/ctl/escape.h"

namespace ovpnbroker::ctl {
namespace {

constexpr int kPageSize = 1000;
constexpr int kMaxAnswerBytes = 64 * 1024 * 1024;

// Tries the socket as the kernel sees it, for a better reason than gRPC gives. 0 or an errno.
int ProbeSocket(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return ENAMETOOLONG;
  std::memcpy(address.sun_path, path.data(), path.size());
  const ovpn::UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return errno;
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  return connect(fd.get(), generic, sizeof(address)) == 0 ? 0 : errno;
}

std::string Explain(const std::string& socket, int error) {
  constexpr char kOtherSocket[] =
      "If it uses another socket, name it with --socket or OVPN_BROKER_SOCKET; if it runs\n"
      "elsewhere, with --server or a context (ovpn-brokerctl context --help).";
  switch (error) {
    case ENOENT:
      return absl::StrCat("there is no socket at ", socket,
                          ".\nIs the broker running? Try: systemctl status ovpn-broker\n",
                          kOtherSocket);
    case ECONNREFUSED:
      return absl::StrCat("nobody listens at ", socket,
                          ": the broker has ended.\nTry: systemctl status ovpn-broker\n",
                          kOtherSocket);
    case EACCES:
      return absl::StrCat("you may not open ", socket,
                          ".\nRun as root, or as a member of the group that owns it.");
    default:
      return absl::StrCat("cannot connect to ", socket, ": ", std::strerror(error), ".");
  }
}

std::shared_ptr<grpc::Channel> MakeChannel(const Endpoint& endpoint) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxAnswerBytes);
  // Without a proxy: the name of a unix socket is no host, and a proxy has no business here.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (endpoint.is_socket()) {
    return grpc::CreateCustomChannel(absl::StrCat("unix:", endpoint.socket),
                                     grpc::InsecureChannelCredentials(), arguments);
  }
  if (!endpoint.server_name.empty()) arguments.SetSslTargetNameOverride(endpoint.server_name);
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = endpoint.ca_pem;
  tls.pem_cert_chain = endpoint.certificate_pem;
  tls.pem_private_key = endpoint.key_pem;
  return grpc::CreateCustomChannel(endpoint.server, grpc::SslCredentials(tls), arguments);
}

void SetDeadline(grpc::ClientContext& context, std::chrono::seconds timeout) {
  context.set_deadline(std::chrono::system_clock::now() + timeout);
}

// Calls `take` for each message; the end that `take` asks for is no failure.
template <typename Response>
grpc::Status ReadStream(grpc::ClientContext& context, grpc::ClientReader<Response>& reader,
                        const std::function<bool(const Response&)>& take) {
  Response response;
  bool wants_more = true;
  while (wants_more && reader.Read(&response)) wants_more = take(response);
  if (wants_more) return reader.Finish();
  context.TryCancel();
  reader.Finish();
  return grpc::Status::OK;
}

// Calls `list(context, request, page)` for pages of `page_size()` and merges them, until there are
// no more or the size is 0.
template <typename Request, typename Response, typename List, typename PageSize>
grpc::Status ListPages(Request request, Response& response, List list, PageSize page_size) {
  for (int size; (size = page_size()) > 0;) {
    grpc::ClientContext context;
    SetDeadline(context, kCallTimeout);
    request.set_page_size(size);
    Response page;
    grpc::Status status = list(&context, request, &page);
    if (!status.ok()) return status;
    response.MergeFrom(page);
    response.clear_next_page_token();
    if (page.next_page_token().empty()) break;
    request.set_page_token(page.next_page_token());
  }
  return grpc::Status::OK;
}

template <typename Request, typename Response, typename List>
grpc::Status ListAll(Request request, Response& response, List list) {
  return ListPages(std::move(request), response, std::move(list), [] { return kPageSize; });
}

// Adds decisions until there are `limit`.
template <typename Request, typename List>
grpc::Status ListUpTo(int limit, Request request, admin::v1::ListDecisionsResponse& response,
                      List list) {
  return ListPages(std::move(request), response, std::move(list), [&response, limit] {
    return std::min(kPageSize, limit - response.decisions_size());
  });
}

}  // namespace

std::unique_ptr<AdminClient> AdminClient::Connect(const GlobalOptions& global) {
  const absl::StatusOr<Endpoint> endpoint = ResolveEndpoint(global.endpoint);
  if (!endpoint.ok()) {
    PrintError(endpoint.status().message());
    return nullptr;
  }
  if (endpoint->is_socket()) {
    const int error = ProbeSocket(endpoint->socket);
    if (error != 0) {
      PrintError(Explain(endpoint->socket, error));
      return nullptr;
    }
  }
  return std::unique_ptr<AdminClient>(new AdminClient(*endpoint));
}

AdminClient::AdminClient(const Endpoint& endpoint) {
  const auto channel = MakeChannel(endpoint);
  broker_ = admin::v1::BrokerService::NewStub(channel);
  instances_ = admin::v1::InstanceService::NewStub(channel);
  logger_ = admin::v1::LoggerService::NewStub(channel);
  policies_ = admin::v1::PolicyAdminService::NewStub(channel);
  sessions_ = admin::v1::SessionService::NewStub(channel);
  pools_ = admin::v1::AddressPoolService::NewStub(channel);
  bans_ = admin::v1::BanService::NewStub(channel);
  decisions_ = admin::v1::DecisionService::NewStub(channel);
  recordings_ = admin::v1::RecordingService::NewStub(channel);
  shadows_ = admin::v1::ShadowService::NewStub(channel);
  health_ = grpc::health::v1::Health::NewStub(channel);
}

grpc::Status AdminClient::GetBroker(admin::v1::GetBrokerResponse& response) {
  return CallStub(*broker_, &admin::v1::BrokerService::Stub::GetBroker,
                  admin::v1::GetBrokerRequest(), response);
}

grpc::Status AdminClient::ListInstances(admin::v1::ListInstancesResponse& response) {
  return ListAll(admin::v1::ListInstancesRequest(), response,
                 [this](grpc::ClientContext* context, const auto& page_request, auto* page) {
                   return instances_->ListInstances(context, page_request, page);
                 });
}

grpc::Status AdminClient::GetInstance(const std::string& name,
                                      admin::v1::GetInstanceResponse& response) {
  admin::v1::GetInstanceRequest request;
  request.set_name(name);
  return CallStub(*instances_, &admin::v1::InstanceService::Stub::GetInstance, request, response);
}

grpc::Status AdminClient::WatchInstances(
    const std::function<bool(const admin::v1::WatchInstancesResponse&)>& take) {
  grpc::ClientContext context;
  const auto reader = instances_->WatchInstances(&context, {});
  return ReadStream<admin::v1::WatchInstancesResponse>(context, *reader, take);
}

grpc::Status AdminClient::WatchSessions(
    const std::string& filter,
    const std::function<bool(const admin::v1::WatchSessionsResponse&)>& take) {
  grpc::ClientContext context;
  admin::v1::WatchSessionsRequest request;
  request.set_filter(filter);
  const auto reader = sessions_->WatchSessions(&context, request);
  return ReadStream<admin::v1::WatchSessionsResponse>(context, *reader, take);
}

grpc::Status AdminClient::GetSession(const std::string& uid,
                                     admin::v1::GetSessionResponse& response) {
  admin::v1::GetSessionRequest request;
  request.set_uid(uid);
  return CallStub(*sessions_, &admin::v1::SessionService::Stub::GetSession, request, response);
}

grpc::Status AdminClient::GetDecision(const std::string& id,
                                      admin::v1::GetDecisionResponse& response) {
  admin::v1::GetDecisionRequest request;
  request.set_id(id);
  return CallStub(*decisions_, &admin::v1::DecisionService::Stub::GetDecision, request, response);
}

grpc::Status AdminClient::ListPolicies(admin::v1::ListPoliciesResponse& response) {
  return ListAll(admin::v1::ListPoliciesRequest(), response,
                 [this](grpc::ClientContext* context, const auto& page_request, auto* page) {
                   return policies_->ListPolicies(context, page_request, page);
                 });
}

grpc::Status AdminClient::ListSessions(const std::string& filter,
                                       admin::v1::ListSessionsResponse& response,
                                       const std::string& order_by) {
  admin::v1::ListSessionsRequest request;
  request.set_filter(filter);
  request.set_order_by(order_by);
  return ListAll(std::move(request), response,
                 [this](grpc::ClientContext* context, const auto& page_request, auto* page) {
                   return sessions_->ListSessions(context, page_request, page);
                 });
}

grpc::Status AdminClient::ListAddressPools(admin::v1::ListAddressPoolsResponse& response) {
  return CallStub(*pools_, &admin::v1::AddressPoolService::Stub::ListAddressPools,
                  admin::v1::ListAddressPoolsRequest(), response);
}

grpc::Status AdminClient::ListAddressLeases(const std::string& pool,
                                            admin::v1::ListAddressLeasesResponse& response) {
  admin::v1::ListAddressLeasesRequest request;
  request.set_pool(pool);
  return ListAll(std::move(request), response,
                 [this](grpc::ClientContext* context, const auto& page_request, auto* page) {
                   return pools_->ListAddressLeases(context, page_request, page);
                 });
}

grpc::Status AdminClient::ReleaseAddressLease(const admin::v1::ReleaseAddressLeaseRequest& request,
                                              admin::v1::ReleaseAddressLeaseResponse& response) {
  return CallStub(*pools_, &admin::v1::AddressPoolService::Stub::ReleaseAddressLease, request,
                  response);
}

grpc::Status AdminClient::ListBans(const std::string& filter,
                                   admin::v1::ListBansResponse& response) {
  admin::v1::ListBansRequest request;
  request.set_filter(filter);
  return ListAll(std::move(request), response,
                 [this](grpc::ClientContext* context, const auto& page_request, auto* page) {
                   return bans_->ListBans(context, page_request, page);
                 });
}

grpc::Status AdminClient::GetBan(const std::string& uid, admin::v1::GetBanResponse& response) {
  admin::v1::GetBanRequest request;
  request.set_uid(uid);
  return CallStub(*bans_, &admin::v1::BanService::Stub::GetBan, request, response);
}

grpc::Status AdminClient::CreateBan(const admin::v1::CreateBanRequest& request,
                                    admin::v1::CreateBanResponse& response) {
  // The broker waits 15 s for sessions to end when nothing else is asked for.
  constexpr std::chrono::seconds kTimeout{20};
  return CallStub(*bans_, &admin::v1::BanService::Stub::CreateBan, request, response, kTimeout);
}

grpc::Status AdminClient::DeleteBan(const admin::v1::DeleteBanRequest& request,
                                    admin::v1::DeleteBanResponse& response) {
  return CallStub(*bans_, &admin::v1::BanService::Stub::DeleteBan, request, response);
}

grpc::Status AdminClient::ListDecisions(const std::string& filter, int limit,
                                        admin::v1::ListDecisionsResponse& response) {
  admin::v1::ListDecisionsRequest request;
  request.set_filter(filter);
  return ListUpTo(limit, std::move(request), response,
                  [this](grpc::ClientContext* context, const auto& page_request,
                         admin::v1::ListDecisionsResponse* page) {
                    return decisions_->ListDecisions(context, page_request, page);
                  });
}

grpc::Status AdminClient::ListOpenDecisions(const std::string& filter, int limit,
                                            admin::v1::ListDecisionsResponse& response) {
  admin::v1::ListOpenDecisionsRequest request;
  request.set_filter(filter);
  return ListUpTo(limit, std::move(request), response,
                  [this](grpc::ClientContext* context, const auto& page_request,
                         admin::v1::ListDecisionsResponse* page) {
                    admin::v1::ListOpenDecisionsResponse open;
                    grpc::Status status =
                        decisions_->ListOpenDecisions(context, page_request, &open);
                    page->mutable_decisions()->Swap(open.mutable_decisions());
                    page->set_next_page_token(open.next_page_token());
                    return status;
                  });
}

grpc::Status AdminClient::ListShadows(admin::v1::ListShadowsResponse& response) {
  return CallStub(*shadows_, &admin::v1::ShadowService::Stub::ListShadows,
                  admin::v1::ListShadowsRequest(), response);
}

grpc::Status AdminClient::ListShadowDifferences(
    const std::string& policy, int limit, admin::v1::ListShadowDifferencesResponse& response) {
  admin::v1::ListShadowDifferencesRequest request;
  request.set_policy(policy);
  request.set_page_size(limit);
  const grpc::Status status = CallStub(
      *shadows_, &admin::v1::ShadowService::Stub::ListShadowDifferences, request, response);
  response.clear_next_page_token();
  return status;
}

grpc::Status AdminClient::KillSession(const admin::v1::KillSessionRequest& request,
                                      admin::v1::KillSessionResponse& response,
                                      std::chrono::seconds timeout) {
  return CallStub(*sessions_, &admin::v1::SessionService::Stub::KillSession, request, response,
                  timeout);
}

grpc::Status AdminClient::KillSessions(const admin::v1::KillSessionsRequest& request,
                                       admin::v1::KillSessionsResponse& response,
                                       std::chrono::seconds timeout) {
  return CallStub(*sessions_, &admin::v1::SessionService::Stub::KillSessions, request, response,
                  timeout);
}

grpc::Status AdminClient::GetLogger(admin::v1::Logger& logger) {
  admin::v1::GetLoggerResponse response;
  grpc::Status status = CallStub(*logger_, &admin::v1::LoggerService::Stub::GetLogger,
                                 admin::v1::GetLoggerRequest(), response);
  logger = std::move(*response.mutable_logger());
  return status;
}

grpc::Status AdminClient::SetLogLevel(const admin::v1::SetLogLevelRequest& request,
                                      admin::v1::Logger& logger) {
  admin::v1::SetLogLevelResponse response;
  grpc::Status status =
      CallStub(*logger_, &admin::v1::LoggerService::Stub::SetLogLevel, request, response);
  logger = std::move(*response.mutable_logger());
  return status;
}

grpc::Status AdminClient::ResetLogLevel(admin::v1::Logger& logger) {
  admin::v1::ResetLogLevelResponse response;
  grpc::Status status = CallStub(*logger_, &admin::v1::LoggerService::Stub::ResetLogLevel,
                                 admin::v1::ResetLogLevelRequest(), response);
  logger = std::move(*response.mutable_logger());
  return status;
}

grpc::Status AdminClient::TailLog(
    const admin::v1::TailLogRequest& request,
    const std::function<void(const admin::v1::TailLogResponse&)>& take) {
  grpc::ClientContext context;
  const auto reader = logger_->TailLog(&context, request);
  admin::v1::TailLogResponse response;
  while (reader->Read(&response)) take(response);
  return reader->Finish();
}

grpc::Status AdminClient::RecordDecisions(
    const admin::v1::RecordDecisionsRequest& request,
    std::optional<std::chrono::milliseconds> period,
    const std::function<bool(const admin::v1::RecordDecisionsResponse&)>& take) {
  grpc::ClientContext context;
  if (period.has_value()) context.set_deadline(std::chrono::system_clock::now() + *period);
  const auto reader = recordings_->RecordDecisions(&context, request);
  grpc::Status status = ReadStream<admin::v1::RecordDecisionsResponse>(context, *reader, take);
  const bool over =
      period.has_value() && status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
  return over ? grpc::Status::OK : status;
}

void PrintError(absl::string_view message) { std::cerr << "ovpn-brokerctl: " << message << "\n"; }

ExitCode ReportFailure(const grpc::Status& status) {
  const std::string message = EscapeLines(status.error_message());
  // With details it is the broker that says so.
  if (!status.error_details().empty() && status.error_code() == grpc::StatusCode::UNAVAILABLE) {
    PrintError(message);
    return ExitCode::kFailed;
  }
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      PrintError(absl::StrCat("the broker does not answer: ", message));
      return ExitCode::kUnreachable;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      PrintError("the broker did not answer in time");
      return ExitCode::kFailed;
    case grpc::StatusCode::NOT_FOUND:
      PrintError(message);
      return ExitCode::kNotFound;
    default:
      PrintError(message);
      return ExitCode::kFailed;
  }
}

ExitCode ReportSelectionFailure(const grpc::Status& status) {
  const ExitCode code = ReportFailure(status);
  return status.error_code() == grpc::StatusCode::INVALID_ARGUMENT ? ExitCode::kUsage : code;
}

}  // namespace ovpnbroker::ctl
