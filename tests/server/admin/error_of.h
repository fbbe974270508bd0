// What an error of the admin API carries besides code and message.
#pragma once

#include <grpcpp/support/status.h>

#include <optional>
#include <string>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace ovpnbroker::test {

// The first detail of this type; nullopt: there is none.
template <typename Detail>
std::optional<Detail> DetailOf(const grpc::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return std::nullopt;
  for (const google::protobuf::Any& any : details.details()) {
    Detail detail;
    if (any.UnpackTo(&detail)) return detail;
  }
  return std::nullopt;
}

// "google.rpc.ErrorInfo" and so on, in their order.
inline std::vector<std::string> DetailTypesOf(const grpc::Status& status) {
  google::rpc::Status details;
  std::vector<std::string> types;
  if (!details.ParseFromString(status.error_details())) return types;
  for (const google::protobuf::Any& any : details.details()) {
    types.push_back(any.type_url().substr(any.type_url().find('/') + 1));
  }
  return types;
}

// Of the ErrorInfo; empty without one, or when it is not of this product.
inline std::string ReasonOf(const grpc::Status& status) {
  const auto info = DetailOf<google::rpc::ErrorInfo>(status);
  return info.has_value() && info->domain() == "ovpn-broker" ? info->reason() : "";
}

}  // namespace ovpnbroker::test
