// The connection to the broker's admin API, and what to tell people when it fails.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

#include "absl/strings/string_view.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "ovpnbroker/admin/v1/address_pool_service.grpc.pb.h"
#include "ovpnbroker/admin/v1/ban_service.grpc.pb.h"
#include "ovpnbroker/admin/v1/broker_service.grpc.pb.h"
#include "ovpnbroker/admin/v1/decision_service.grpc.pb.h"
#include "ovpnbroker/admin/v1/instance_service.grpc.pb.h"
#include "ovpnbroker/admin/v1/logger_service.grpc.pb.h"
#include "ovpnbroker/admin/v1/policy_admin_service.grpc.pb.h"
#include "ovpnbroker/admin/v1/recording_service.grpc.pb.h"
#include "ovpnbroker/admin/v1/session_service.grpc.pb.h"
#include "ovpnbroker/admin/v1/shadow_service.grpc.pb.h"
#include "server/ctl/command.h"
#include "server/ctl/exit_code.h"

namespace ovpnbroker::ctl {

inline constexpr std::chrono::seconds kCallTimeout{10};

// One unary call: `(stub.*method)(context, request, &response)`, with its deadline.
template <typename Stub, typename Request, typename Response>
grpc::Status CallStub(Stub& stub,
                      grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                      const Request& request, Response& response,
                      std::chrono::seconds timeout = kCallTimeout) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + timeout);
  return (stub.*method)(&context, request, &response);
}

class AdminClient {
 public:
  // Null after an error, which was told on standard error: the caller exits with kUnreachable.
  static std::unique_ptr<AdminClient> Connect(const GlobalOptions& global);

  // Calls answer within kCallTimeout, or the `timeout` given. A list call returns all pages as one
  // response.
  grpc::Status GetBroker(admin::v1::GetBrokerResponse& response);
  grpc::Status ListInstances(admin::v1::ListInstancesResponse& response);
  grpc::Status GetInstance(const std::string& name, admin::v1::GetInstanceResponse& response);
  grpc::Status ListPolicies(admin::v1::ListPoliciesResponse& response);
  grpc::Status ListSessions(const std::string& filter, admin::v1::ListSessionsResponse& response,
                            const std::string& order_by = "");
  grpc::Status GetSession(const std::string& uid, admin::v1::GetSessionResponse& response);
  grpc::Status ListAddressPools(admin::v1::ListAddressPoolsResponse& response);
  grpc::Status ListAddressLeases(const std::string& pool,
                                 admin::v1::ListAddressLeasesResponse& response);
  grpc::Status ReleaseAddressLease(const admin::v1::ReleaseAddressLeaseRequest& request,
                                   admin::v1::ReleaseAddressLeaseResponse& response);
  grpc::Status GetDecision(const std::string& id, admin::v1::GetDecisionResponse& response);
  grpc::Status ListBans(const std::string& filter, admin::v1::ListBansResponse& response);
  grpc::Status GetBan(const std::string& uid, admin::v1::GetBanResponse& response);
  // Long enough for sessions that are to be ended with it.
  grpc::Status CreateBan(const admin::v1::CreateBanRequest& request,
                         admin::v1::CreateBanResponse& response);
  grpc::Status DeleteBan(const admin::v1::DeleteBanRequest& request,
                         admin::v1::DeleteBanResponse& response);
  // The newest `limit` at most.
  grpc::Status ListDecisions(const std::string& filter, int limit,
                             admin::v1::ListDecisionsResponse& response);
  // Those that are not finished; added to `response`, which has `limit` at most then.
  grpc::Status ListOpenDecisions(const std::string& filter, int limit,
                                 admin::v1::ListDecisionsResponse& response);
  grpc::Status ListShadows(admin::v1::ListShadowsResponse& response);
  // The newest `limit` of one candidate, or of all; at most one page.
  grpc::Status ListShadowDifferences(const std::string& policy, int limit,
                                     admin::v1::ListShadowDifferencesResponse& response);
  grpc::Status KillSession(const admin::v1::KillSessionRequest& request,
                           admin::v1::KillSessionResponse& response, std::chrono::seconds timeout);
  grpc::Status KillSessions(const admin::v1::KillSessionsRequest& request,
                            admin::v1::KillSessionsResponse& response,
                            std::chrono::seconds timeout);

  grpc::Status GetLogger(admin::v1::Logger& logger);
  grpc::Status SetLogLevel(const admin::v1::SetLogLevelRequest& request, admin::v1::Logger& logger);
  grpc::Status ResetLogLevel(admin::v1::Logger& logger);
  // Calls `take` for each message until the stream ends or `take` returns false; without a time
  // limit.
  grpc::Status WatchInstances(
      const std::function<bool(const admin::v1::WatchInstancesResponse&)>& take);
  grpc::Status WatchSessions(
      const std::string& filter,
      const std::function<bool(const admin::v1::WatchSessionsResponse&)>& take);
  // Calls `take` for each record until the stream ends; without a time limit.
  grpc::Status TailLog(const admin::v1::TailLogRequest& request,
                       const std::function<void(const admin::v1::TailLogResponse&)>& take);

  // Calls `take` for each decision until it returns false, `period` is over or the broker ends the
  // stream. OK in the first two cases.
  grpc::Status RecordDecisions(
      const admin::v1::RecordDecisionsRequest& request,
      std::optional<std::chrono::milliseconds> period,
      const std::function<bool(const admin::v1::RecordDecisionsResponse&)>& take);

  // The stub of one service, for calls that need nothing more.
  template <typename Stub>
  Stub& stub() {
    if constexpr (std::is_same_v<Stub, admin::v1::BrokerService::Stub>) {
      return *broker_;
    } else if constexpr (std::is_same_v<Stub, admin::v1::InstanceService::Stub>) {
      return *instances_;
    } else if constexpr (std::is_same_v<Stub, grpc::health::v1::Health::Stub>) {
      return *health_;
    } else {
      static_assert(std::is_same_v<Stub, admin::v1::PolicyAdminService::Stub>);
      return *policies_;
    }
  }

 private:
  explicit AdminClient(const Endpoint& endpoint);

  std::unique_ptr<admin::v1::BrokerService::Stub> broker_;
  std::unique_ptr<admin::v1::InstanceService::Stub> instances_;
  std::unique_ptr<admin::v1::LoggerService::Stub> logger_;
  std::unique_ptr<admin::v1::PolicyAdminService::Stub> policies_;
  std::unique_ptr<admin::v1::SessionService::Stub> sessions_;
  std::unique_ptr<admin::v1::AddressPoolService::Stub> pools_;
  std::unique_ptr<admin::v1::BanService::Stub> bans_;
  std::unique_ptr<admin::v1::DecisionService::Stub> decisions_;
  std::unique_ptr<admin::v1::RecordingService::Stub> recordings_;
  std::unique_ptr<admin::v1::ShadowService::Stub> shadows_;
  std::unique_ptr<grpc::health::v1::Health::Stub> health_;
};

// "ovpn-brokerctl: MESSAGE" on standard error.
void PrintError(absl::string_view message);

// Tells a failed call on standard error; the exit code that goes with it.
ExitCode ReportFailure(const grpc::Status& status);
// The same for a call that selects by what the caller has typed: what the broker does not
// understand is a wrong argument.
ExitCode ReportSelectionFailure(const grpc::Status& status);

}  // namespace ovpnbroker::ctl
