#include "server/admin/duration_field.h"

#include "absl/strings/str_cat.h"
#include "server/admin/rpc_error.h"
#include "server/proto_duration.h"

namespace ovpnbroker::server {
namespace {

constexpr int32_t kNanosPerSecond = 1'000'000'000;

}  // namespace

grpc::Status ParseDurationField(const google::protobuf::Duration& duration,
                                std::chrono::seconds maximum, absl::string_view field,
                                absl::string_view reason, ovpn::Duration& result) {
  // Compared before it is converted: a huge number of seconds would overflow.
  const bool fits = duration.seconds() >= 0 && duration.seconds() <= maximum.count() &&
                    duration.nanos() >= 0 && duration.nanos() < kNanosPerSecond;
  if (!fits || ToDuration(duration) > maximum) {
    return InvalidField(field, reason, absl::StrCat("between 0s and ", maximum.count(), "s"));
  }
  result = ToDuration(duration);
  return grpc::Status::OK;
}

}  // namespace ovpnbroker::server
