// Pages of list calls: sizes, and tokens that say after which key the next page starts. Any thread.
#pragma once

#include <grpcpp/support/status.h>

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace ovpnbroker::server {

inline constexpr int32_t kDefaultPageSize = 100;
inline constexpr int32_t kMaxPageSize = 1000;

struct PageRequest {
  size_t size = 0;
  std::string after;  // the last key of the page before; empty for the first page
};

// Checks size and token. `scope` is what must stay the same from page to page (the filter).
grpc::Status ParsePageRequest(int32_t page_size, absl::string_view token, absl::string_view scope,
                              PageRequest& page);

// The token of the page after `last_key`.
std::string MakePageToken(absl::string_view last_key, absl::string_view scope);

}  // namespace ovpnbroker::server
