// ovpnbroker.admin.v1.RecordingService: decisions for a recording. Owned by AdminServer; gRPC's
// threads call it, the work is done on the loop.
#pragma once

#include "ovpnbroker/admin/v1/recording_service.grpc.pb.h"
#include "server/admin/loop_call.h"

namespace ovpnbroker::server {

class RecordingService final : public admin::v1::RecordingService::CallbackService {
 public:
  // Decisions that may wait for one reader; those beyond are missed and counted.
  static constexpr size_t kMaxWaiting = 1024;

  explicit RecordingService(AdminContext& context) : context_(context) {}

  grpc::ServerWriteReactor<admin::v1::RecordDecisionsResponse>* RecordDecisions(
      grpc::CallbackServerContext* call, const admin::v1::RecordDecisionsRequest* request) override;

 private:
  AdminContext& context_;
};

}  // namespace ovpnbroker::server
