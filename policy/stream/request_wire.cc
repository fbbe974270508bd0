#include "policy/stream/request_wire.h"

#include <google/protobuf/arena.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpc/slice.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "policy/stream/selected_environment.h"

namespace ovpnbroker::policy {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedOutputStream;

// The fields of a map's entry, the same in every map.
constexpr int kEntryKey = 1;
constexpr int kEntryValue = 2;
// Every field number here is below 16.
constexpr size_t kTagBytes = 1;
// Lengths below it are varints of one byte.
constexpr size_t kOneByteLengths = 128;
// Enough for the message of an ordinary request; what is more comes from the heap.
constexpr size_t kArenaBytes = 4096;

size_t FieldBytes(size_t payload) {
  const size_t length_bytes = payload < kOneByteLengths
                                  ? 1
                                  : CodedOutputStream::VarintSize32(static_cast<uint32_t>(payload));
  return kTagBytes + length_bytes + payload;
}

uint8_t* WriteFieldStart(int number, size_t payload, uint8_t* to) {
  to = WireFormatLite::WriteTagToArray(number, WireFormatLite::WIRETYPE_LENGTH_DELIMITED, to);
  return CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(payload), to);
}

uint8_t* WriteBytes(int number, absl::string_view bytes, uint8_t* to) {
  to = WriteFieldStart(number, bytes.size(), to);
  return CodedOutputStream::WriteRawToArray(bytes.data(), static_cast<int>(bytes.size()), to);
}

size_t EntryBytes(const ovpn::Environment::Entry& entry) {
  return FieldBytes(entry.name.size()) + FieldBytes(entry.value.size());
}

grpc::ByteBuffer TakeSlice(grpc_slice raw) {
  const grpc::Slice slice(raw, grpc::Slice::STEAL_REF);
  return {&slice, 1};
}

}  // namespace

grpc::ByteBuffer WriteDecisionRequest(const RequestHead& head, const ovpn::AuthRequest& request,
                                      const StreamTerms& terms) {
  // The message is gone when this returns, so its parts need no memory of their own.
  alignas(std::max_align_t) std::array<char, kArenaBytes> block;
  google::protobuf::Arena arena(block.data(), block.size());
  auto& message = *google::protobuf::Arena::CreateMessage<v1::DecisionRequest>(&arena);
  FillRequestWithoutEnvironment(head, request, terms, message);
  const SelectedEnvironment selected(*request.environment, terms.environment_patterns,
                                     message.ByteSizeLong());
  message.set_environment_truncated(selected.truncated());
  // Sizes are known before anything is written: SelectedEnvironment keeps them far below 2^32.
  size_t size = message.ByteSizeLong();
  for (const ovpn::Environment::Entry& entry : selected.entries()) {
    size += FieldBytes(EntryBytes(entry));
  }
  grpc_slice raw = grpc_slice_malloc(FieldBytes(size));
  uint8_t* to = GRPC_SLICE_START_PTR(raw);
  to = WriteFieldStart(v1::StreamDecisionsRequest::kDecisionRequestFieldNumber, size, to);
  to = message.SerializeWithCachedSizesToArray(to);
  for (const ovpn::Environment::Entry& entry : selected.entries()) {
    to = WriteFieldStart(v1::DecisionRequest::kEnvironmentFieldNumber, EntryBytes(entry), to);
    to = WriteBytes(kEntryKey, entry.name, to);
    to = WriteBytes(kEntryValue, entry.value, to);
  }
  return TakeSlice(raw);
}

grpc::ByteBuffer WriteMessage(const v1::StreamDecisionsRequest& message) {
  grpc_slice raw = grpc_slice_malloc(message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(GRPC_SLICE_START_PTR(raw));
  return TakeSlice(raw);
}

}  // namespace ovpnbroker::policy
