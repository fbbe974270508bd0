#include "policy/stream/request_wire.h"

#include <google/protobuf/arena.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpc/slice.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

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
// Lengths below it are varints of one byte, as nearly all of an environment are.
constexpr size_t kOneByteLengths = 128;
// Enough for the message of an ordinary request; what is more comes from the heap.
constexpr size_t kArenaBytes = 4096;

// What a field with a length begins with.
constexpr uint8_t TagOf(int number) {
  return static_cast<uint8_t>(
      WireFormatLite::MakeTag(number, WireFormatLite::WIRETYPE_LENGTH_DELIMITED));
}

size_t FieldBytes(size_t payload) {
  const size_t length_bytes = payload < kOneByteLengths
                                  ? 1
                                  : CodedOutputStream::VarintSize32(static_cast<uint32_t>(payload));
  return kTagBytes + length_bytes + payload;
}

uint8_t* WriteFieldStart(uint8_t tag, size_t payload, uint8_t* to) {
  *to++ = tag;
  if (payload >= kOneByteLengths) {
    return CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(payload), to);
  }
  *to++ = static_cast<uint8_t>(payload);
  return to;
}

uint8_t* WriteBytes(uint8_t tag, absl::string_view bytes, uint8_t* to) {
  to = WriteFieldStart(tag, bytes.size(), to);
  std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

size_t EntryBytes(const ovpn::Environment::Entry& entry) {
  return FieldBytes(entry.name.size()) + FieldBytes(entry.value.size());
}

uint8_t* WriteEntry(const ovpn::Environment::Entry& entry, uint8_t* to) {
  constexpr uint8_t kEnvironment = TagOf(v1::DecisionRequest::kEnvironmentFieldNumber);
  to = WriteFieldStart(kEnvironment, EntryBytes(entry), to);
  to = WriteBytes(TagOf(kEntryKey), entry.name, to);
  return WriteBytes(TagOf(kEntryValue), entry.value, to);
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
  size_t size = message.ByteSizeLong();
  const SelectedEnvironment selected(*request.environment, terms.environment_patterns, size);
  if (selected.truncated()) {
    message.set_environment_truncated(true);
    size = message.ByteSizeLong();
  }
  // Sizes are known before anything is written: SelectedEnvironment keeps them far below 2^32.
  for (const ovpn::Environment::Entry& entry : selected.entries()) {
    size += FieldBytes(EntryBytes(entry));
  }
  grpc_slice raw = grpc_slice_malloc(FieldBytes(size));
  uint8_t* to = GRPC_SLICE_START_PTR(raw);
  to = WriteFieldStart(TagOf(v1::StreamDecisionsRequest::kDecisionRequestFieldNumber), size, to);
  to = message.SerializeWithCachedSizesToArray(to);
  for (const ovpn::Environment::Entry& entry : selected.entries()) to = WriteEntry(entry, to);
  return TakeSlice(raw);
}

grpc::ByteBuffer WriteMessage(const v1::StreamDecisionsRequest& message) {
  grpc_slice raw = grpc_slice_malloc(message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(GRPC_SLICE_START_PTR(raw));
  return TakeSlice(raw);
}

}  // namespace ovpnbroker::policy
