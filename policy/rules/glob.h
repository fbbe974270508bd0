// A shell-like pattern over bytes: `*` any run, `?` any one byte, `\` takes the next byte as it is.
// Case counts. Compiled once, matched in time linear in pattern times text. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ovpnbroker::policy {

class Glob {
 public:
  // INVALID_ARGUMENT for a `\` at the end.
  static absl::StatusOr<Glob> Compile(absl::string_view pattern);

  bool Matches(absl::string_view text) const {
    // Inline, since most patterns of a long list are found too long for a name.
    return text.size() >= literal_.size() && MatchesByKind(text);
  }

 private:
  enum class Kind : uint8_t { kLiteral, kPrefix, kSuffix, kGeneral };
  struct Token {
    enum class Type : uint8_t { kByte, kAnyByte, kAnyRun };
    Type type;
    char byte;
  };

  Glob() = default;
  void Simplify();
  bool MatchesByKind(absl::string_view text) const;
  bool MatchesGeneral(absl::string_view text) const;

  Kind kind_ = Kind::kGeneral;
  std::string literal_;        // kLiteral: the whole text; kPrefix, kSuffix: it without the `*`
  std::vector<Token> tokens_;  // kGeneral
};

}  // namespace ovpnbroker::policy
