// ovpnbroker.admin.v1.LoggerService: the log's level and its tail. Owned by AdminListener; gRPC's
// threads call it, the work is done on the loop.
#pragma once

#include "ovpnbroker/admin/v1/logger_service.grpc.pb.h"
#include "server/admin/loop_call.h"

namespace ovpnbroker::server {

class LoggerService final : public admin::v1::LoggerService::CallbackService {
 public:
  explicit LoggerService(AdminContext& context) : context_(context) {}

  grpc::ServerUnaryReactor* GetLogger(grpc::CallbackServerContext* call,
                                      const admin::v1::GetLoggerRequest* request,
                                      admin::v1::GetLoggerResponse* response) override;
  grpc::ServerUnaryReactor* SetLogLevel(grpc::CallbackServerContext* call,
                                        const admin::v1::SetLogLevelRequest* request,
                                        admin::v1::SetLogLevelResponse* response) override;
  grpc::ServerUnaryReactor* ResetLogLevel(grpc::CallbackServerContext* call,
                                          const admin::v1::ResetLogLevelRequest* request,
                                          admin::v1::ResetLogLevelResponse* response) override;
  grpc::ServerWriteReactor<admin::v1::TailLogResponse>* TailLog(
      grpc::CallbackServerContext* call, const admin::v1::TailLogRequest* request) override;

 private:
  AdminContext& context_;
};

}  // namespace ovpnbroker::server
