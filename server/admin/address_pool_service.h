// AddressPoolService: shows pools and leases, and ends leases. Owned by AdminServer; gRPC's threads
// call it, the work is done on the loop.
#pragma once

#include "ovpnbroker/admin/v1/address_pool_service.grpc.pb.h"
#include "server/admin/loop_call.h"

namespace ovpnbroker::server {

class AddressPoolService final : public admin::v1::AddressPoolService::CallbackService {
 public:
  explicit AddressPoolService(AdminContext& context) : context_(context) {}

  grpc::ServerUnaryReactor* ListAddressPools(
      grpc::CallbackServerContext* call, const admin::v1::ListAddressPoolsRequest* request,
      admin::v1::ListAddressPoolsResponse* response) override;
  grpc::ServerUnaryReactor* ListAddressLeases(
      grpc::CallbackServerContext* call, const admin::v1::ListAddressLeasesRequest* request,
      admin::v1::ListAddressLeasesResponse* response) override;
  grpc::ServerUnaryReactor* ReleaseAddressLease(
      grpc::CallbackServerContext* call, const admin::v1::ReleaseAddressLeaseRequest* request,
      admin::v1::ReleaseAddressLeaseResponse* response) override;

 private:
  AdminContext& context_;
};

}  // namespace ovpnbroker::server
