// The end of gRPC in a process. What a channel or server holds is let go by gRPC's own threads,
// some time after its owner has let go of it, and OpenSSL keeps memory for each of them until it
// ends. When main returns before that, OpenSSL's exit handler comes first, and the process leaks or
// crashes on its way out (grpc/grpc#38539).
#pragma once

#include <chrono>

namespace ovpnbroker::server {

// gRPC needs milliseconds. A process ends after this time, whatever its threads do.
inline constexpr std::chrono::seconds kGrpcEndTimeout{5};

// A variable of main, declared before all that uses gRPC: it waits for gRPC's end when all that is
// gone. Returns at once in a process that did not use gRPC.
class GrpcEnd {
 public:
  GrpcEnd() = default;
  ~GrpcEnd();
  GrpcEnd(const GrpcEnd&) = delete;
  GrpcEnd& operator=(const GrpcEnd&) = delete;
};

}  // namespace ovpnbroker::server
