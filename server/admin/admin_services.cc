#include "server/admin/admin_services.h"

#include <google/protobuf/descriptor.h>

#include "absl/strings/str_cat.h"
#include "ovpnbroker/type/v1/options.pb.h"
#include "server/admin/address_pool_service.h"
#include "server/admin/ban_service.h"
#include "server/admin/broker_service.h"
#include "server/admin/decision_service.h"
#include "server/admin/instance_service.h"
#include "server/admin/logger_service.h"
#include "server/admin/policy_admin_service.h"
#include "server/admin/recording_service.h"
#include "server/admin/session_service.h"
#include "server/admin/shadow_service.h"

namespace ovpnbroker::server {

std::vector<std::unique_ptr<grpc::Service>> MakeAdminServices(AdminContext& context) {
  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(std::make_unique<AddressPoolService>(context));
  services.push_back(std::make_unique<BanService>(context));
  services.push_back(std::make_unique<BrokerService>(context));
  services.push_back(std::make_unique<DecisionService>(context));
  services.push_back(std::make_unique<InstanceService>(context));
  services.push_back(std::make_unique<LoggerService>(context));
  services.push_back(std::make_unique<PolicyAdminService>(context));
  services.push_back(std::make_unique<RecordingService>(context));
  services.push_back(std::make_unique<SessionService>(context));
  services.push_back(std::make_unique<ShadowService>(context));
  return services;
}

absl::Status CheckMethodRoles() {
  const google::protobuf::FileDescriptor* const files[] = {
      admin::v1::AddressPool::descriptor()->file(),
      admin::v1::Ban::descriptor()->file(),
      admin::v1::Broker::descriptor()->file(),
      admin::v1::Instance::descriptor()->file(),
      admin::v1::GetLoggerRequest::descriptor()->file(),
      admin::v1::Policy::descriptor()->file(),
      admin::v1::RecordedDecision::descriptor()->file(),
      admin::v1::GetSessionRequest::descriptor()->file(),
      admin::v1::GetDecisionRequest::descriptor()->file(),
      admin::v1::Shadow::descriptor()->file()};
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

}  // namespace ovpnbroker::server
