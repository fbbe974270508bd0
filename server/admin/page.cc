#include "server/admin/page.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/admin/rpc_error.h"

namespace ovpnbroker::server {
namespace {

// Ends the key inside a token; no key (uid, configured name) holds it.
constexpr char kSeparator = '\n';

}  // namespace

grpc::Status ParsePageRequest(int32_t page_size, absl::string_view token, absl::string_view scope,
                              PageRequest& page) {
  if (page_size < 0) {
    return InvalidField("page_size", "PAGE_SIZE_INVALID", "must not be negative");
  }
  page.size =
      static_cast<size_t>(page_size == 0 ? kDefaultPageSize : std::min(page_size, kMaxPageSize));
  if (token.empty()) return grpc::Status::OK;

  std::string decoded;
  const bool is_base64 = absl::WebSafeBase64Unescape(token, &decoded);
  const size_t separator = decoded.find(kSeparator);
  if (!is_base64 || separator == std::string::npos || separator == 0) {
    return InvalidField("page_token", "PAGE_TOKEN_INVALID", "is not a token of this call");
  }
  if (absl::string_view(decoded).substr(separator + 1) != scope) {
    return InvalidField("page_token", "PAGE_TOKEN_INVALID", "was given for another filter");
  }
  page.after = decoded.substr(0, separator);
  return grpc::Status::OK;
}

std::string MakePageToken(absl::string_view last_key, absl::string_view scope) {
  std::string token;
  absl::WebSafeBase64Escape(absl::StrCat(last_key, std::string(1, kSeparator), scope), &token);
  return token;
}

}  // namespace ovpnbroker::server
