// ovpnbroker.admin.v1.BanService: shows, makes and ends bans. Owned by AdminServer; gRPC's threads
// call it, the work is done on the loop.
#pragma once

#include "ovpnbroker/admin/v1/ban_service.grpc.pb.h"
#include "server/admin/loop_call.h"

namespace ovpnbroker::server {

class BanService final : public admin::v1::BanService::CallbackService {
 public:
  explicit BanService(AdminContext& context) : context_(context) {}

  grpc::ServerUnaryReactor* GetBan(grpc::CallbackServerContext* call,
                                   const admin::v1::GetBanRequest* request,
                                   admin::v1::GetBanResponse* response) override;
  grpc::ServerUnaryReactor* ListBans(grpc::CallbackServerContext* call,
                                     const admin::v1::ListBansRequest* request,
                                     admin::v1::ListBansResponse* response) override;
  grpc::ServerUnaryReactor* CreateBan(grpc::CallbackServerContext* call,
                                      const admin::v1::CreateBanRequest* request,
                                      admin::v1::CreateBanResponse* response) override;
  grpc::ServerUnaryReactor* DeleteBan(grpc::CallbackServerContext* call,
                                      const admin::v1::DeleteBanRequest* request,
                                      admin::v1::DeleteBanResponse* response) override;

 private:
  AdminContext& context_;
};

}  // namespace ovpnbroker::server
