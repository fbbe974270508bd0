// InstanceService: shows the instances and moves them. Owned by AdminServer; gRPC's threads call
// it, the work is done on the loop.
#pragma once

#include "ovpnbroker/admin/v1/instance_service.grpc.pb.h"
#include "server/admin/loop_call.h"

namespace ovpnbroker::server {

class InstanceService final : public admin::v1::InstanceService::CallbackService {
 public:
  explicit InstanceService(AdminContext& context) : context_(context) {}

  grpc::ServerUnaryReactor* GetInstance(grpc::CallbackServerContext* call,
                                        const admin::v1::GetInstanceRequest* request,
                                        admin::v1::GetInstanceResponse* response) override;
  grpc::ServerUnaryReactor* ListInstances(grpc::CallbackServerContext* call,
                                          const admin::v1::ListInstancesRequest* request,
                                          admin::v1::ListInstancesResponse* response) override;
  grpc::ServerWriteReactor<admin::v1::WatchInstancesResponse>* WatchInstances(
      grpc::CallbackServerContext* call, const admin::v1::WatchInstancesRequest* request) override;
  grpc::ServerUnaryReactor* StartInstance(grpc::CallbackServerContext* call,
                                          const admin::v1::StartInstanceRequest* request,
                                          admin::v1::StartInstanceResponse* response) override;
  grpc::ServerUnaryReactor* StopInstance(grpc::CallbackServerContext* call,
                                         const admin::v1::StopInstanceRequest* request,
                                         admin::v1::StopInstanceResponse* response) override;
  grpc::ServerUnaryReactor* RestartInstance(grpc::CallbackServerContext* call,
                                            const admin::v1::RestartInstanceRequest* request,
                                            admin::v1::RestartInstanceResponse* response) override;
  grpc::ServerUnaryReactor* SoftRestartInstance(
      grpc::CallbackServerContext* call, const admin::v1::SoftRestartInstanceRequest* request,
      admin::v1::SoftRestartInstanceResponse* response) override;
  grpc::ServerUnaryReactor* AttachInstance(grpc::CallbackServerContext* call,
                                           const admin::v1::AttachInstanceRequest* request,
                                           admin::v1::AttachInstanceResponse* response) override;
  grpc::ServerUnaryReactor* DetachInstance(grpc::CallbackServerContext* call,
                                           const admin::v1::DetachInstanceRequest* request,
                                           admin::v1::DetachInstanceResponse* response) override;
  grpc::ServerUnaryReactor* DrainInstance(grpc::CallbackServerContext* call,
                                          const admin::v1::DrainInstanceRequest* request,
                                          admin::v1::DrainInstanceResponse* response) override;
  grpc::ServerUnaryReactor* UndrainInstance(grpc::CallbackServerContext* call,
                                            const admin::v1::UndrainInstanceRequest* request,
                                            admin::v1::UndrainInstanceResponse* response) override;

 private:
  AdminContext& context_;
};

}  // namespace ovpnbroker::server
