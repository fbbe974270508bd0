#include "server/replay/recording_file.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "ovpn/base/atomic_file.h"
#include "ovpn/base/status_macros.h"

namespace ovpnbroker::server {
namespace {

constexpr char kFormat[] = "ovpn-broker-recording";
constexpr double kVersion = 1;

absl::Status ErrorAt(const std::string& path, int line, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(path, ":", line, ": ", what));
}

template <typename Message>
absl::Status ParseJson(absl::string_view line, Message& message) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;  // of a later version
  const auto status =
      google::protobuf::util::JsonStringToMessage(std::string(line), &message, options);
  if (status.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("is not as expected: ", status.ToString()));
}

// The header says what file this is, so that a log is not taken for an empty recording.
absl::Status CheckHeader(absl::string_view line) {
  google::protobuf::Struct header;
  const auto& fields = header.fields();
  if (!ParseJson(line, header).ok() || !fields.contains("format") ||
      fields.at("format").string_value() != kFormat) {
    return absl::InvalidArgumentError("this is no recording of ovpn-brokerctl record");
  }
  if (!fields.contains("version") || fields.at("version").number_value() != kVersion) {
    return absl::InvalidArgumentError("the recording is of a version that is not known here");
  }
  return absl::OkStatus();
}

}  // namespace

std::string RecordingHeader() {
  return absl::StrCat("{\"format\":\"", kFormat, "\",\"version\":", kVersion,
                      ",\"recorded_by\":\"" OVPNBROKER_VERSION "\"}");
}

std::string RecordingLine(const admin::v1::RecordedDecision& decision) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(decision, &json, options);
  // Fails for a time outside of years 1 to 9999 only, which no broker sends.
  return status.ok() ? json : "{}";
}

absl::StatusOr<std::vector<admin::v1::RecordedDecision>> ReadRecording(const std::string& path) {
  const absl::StatusOr<std::string> text = ovpn::ReadWholeFile(path, kMaxRecordingBytes);
  if (!text.ok()) {
    return absl::Status(text.status().code(), absl::StrCat(path, ": ", text.status().message()));
  }
  return ParseRecording(*text, path);
}

absl::StatusOr<std::vector<admin::v1::RecordedDecision>> ParseRecording(absl::string_view text,
                                                                        const std::string& path) {
  std::vector<admin::v1::RecordedDecision> decisions;
  // The last line may have been cut when the recording was ended; it has no LF then.
  const bool cut = !text.empty() && !absl::ConsumeSuffix(&text, "\n");
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  for (size_t i = 0; i < lines.size(); ++i) {
    const int number = static_cast<int>(i) + 1;
    if (i == 0) {
      const absl::Status status = CheckHeader(lines[i]);
      if (!status.ok()) return ErrorAt(path, number, status.message());
      continue;
    }
    admin::v1::RecordedDecision decision;
    const absl::Status status = ParseJson(lines[i], decision);
    if (!status.ok() && cut && i + 1 == lines.size()) break;
    if (!status.ok()) return ErrorAt(path, number, status.message());
    if (!decision.has_request() || !decision.has_decision()) {
      return ErrorAt(path, number, "`request` and `decision` must both be there");
    }
    decisions.push_back(std::move(decision));
  }
  return decisions;
}

}  // namespace ovpnbroker::server
