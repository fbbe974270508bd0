// A recording as a file of lines: first a header, then one ovpnbroker.admin.v1.RecordedDecision
// each, in protobuf's JSON with the field names of the .proto. docs/record-replay.md describes it.
// Pure but for the file; any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ovpnbroker/admin/v1/recording_service.pb.h"

namespace ovpnbroker::server {

// Larger recordings are replayed in pieces.
inline constexpr size_t kMaxRecordingBytes = size_t{1} << 30;

// Lines without their LF.
std::string RecordingHeader();
std::string RecordingLine(const admin::v1::RecordedDecision& decision);

// All decisions of the file, in its order. NOT_FOUND and the like for the file itself;
// INVALID_ARGUMENT names file and line.
absl::StatusOr<std::vector<admin::v1::RecordedDecision>> ReadRecording(const std::string& path);

// The same of a file's text; `path` is for messages.
absl::StatusOr<std::vector<admin::v1::RecordedDecision>> ParseRecording(absl::string_view text,
                                                                        const std::string& path);

}  // namespace ovpnbroker::server
