#include "server/program/grpc_end.h"

#include <grpc/grpc.h>

#include <thread>

namespace ovpnbroker::server {
namespace {

constexpr std::chrono::milliseconds kPollInterval{1};

}  // namespace

// By polling: gRPC has no call that waits for the last of its threads.
GrpcEnd::~GrpcEnd() {
  const auto give_up = std::chrono::steady_clock::now() + kGrpcEndTimeout;
  while (grpc_is_initialized() != 0 && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(kPollInterval);
  }
}

}  // namespace ovpnbroker::server
