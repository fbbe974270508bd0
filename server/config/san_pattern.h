// A pattern for one subject alternative name of a certificate, with its type: what admin.tcp.roles
// grants by. The common name has no way in. A value; any thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ovpnbroker::server {

class SanPattern {
 public:
  enum class Type { kUri, kDns };

  // "uri:spiffe://corp/ops/alice", "uri:spiffe://corp/ops/*", "dns:ops.example.net".
  // INVALID_ARGUMENT says what is accepted.
  static absl::StatusOr<SanPattern> Parse(absl::string_view text);

  // Letter case counts in a URI and does not in a DNS name.
  bool Matches(Type type, absl::string_view name) const;

 private:
  SanPattern(Type type, absl::string_view text, bool prefix)
      : type_(type), text_(text), prefix_(prefix) {}

  Type type_;
  std::string text_;  // without the asterisk
  bool prefix_;       // names that begin with text_ and go on
};

}  // namespace ovpnbroker::server
