// A request as the broker writes it and as protobuf makes it: for tests that compare the two.
#pragma once

#include <google/protobuf/util/message_differencer.h>
#include <grpcpp/support/byte_buffer.h>

#include <string>
#include <vector>

#include "policy/stream/request_wire.h"

namespace ovpnbroker::test {

inline std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return "";
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

// Whether protobuf reads `bytes` as the message that it would have made of the request itself.
inline bool ReadsAsTheMessage(const std::string& bytes, const policy::RequestHead& head,
                              const ovpn::AuthRequest& request, const policy::StreamTerms& terms) {
  policy::v1::StreamDecisionsRequest read;
  if (!read.ParseFromString(bytes)) return false;
  policy::v1::StreamDecisionsRequest made;
  *made.mutable_decision_request() = policy::MakeDecisionRequest(head, request, terms);
  return google::protobuf::util::MessageDifferencer::Equals(read, made);
}

}  // namespace ovpnbroker::test
