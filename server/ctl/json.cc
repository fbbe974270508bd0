#include "server/ctl/json.h"

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/wrappers.pb.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace ovpnbroker::ctl {

std::string JsonString(const std::string& text) {
  google::protobuf::StringValue value;
  value.set_value(text);
  std::string json;
  return google::protobuf::util::MessageToJsonString(value, &json).ok() ? json : "\"\"";
}

std::string ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  // Fails for broken Any and Timestamp values only, which the broker does not send.
  if (!status.ok()) return "{}\n";
  // Lists are shown whole. A line end is never inside a string, so nothing else looks like this.
  return absl::StrReplaceAll(json, {{",\n \"next_page_token\": \"\"", ""}});
}

std::string ToJson(const std::vector<const google::protobuf::Message*>& messages) {
  std::string joined;
  for (const auto* message : messages) {
    const std::string json = ToJson(*message);
    absl::string_view fields = json;
    absl::ConsumePrefix(&fields, "{\n");
    absl::ConsumeSuffix(&fields, "\n}\n");
    absl::StrAppend(&joined, joined.empty() ? "" : ",\n", fields);
  }
  return absl::StrCat("{\n", joined, "\n}\n");
}

}  // namespace ovpnbroker::ctl
