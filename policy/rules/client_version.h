// Versions of clients and what a rule asks of them: ">= 2.6", "2.5, 2.6", ">= 2.5, < 2.7". Compiled
// once, compared without allocation. Plain values; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ovpnbroker::policy {

// The leading numbers of a version: "2.6.14" and "2.6_rc1" begin with 2.6.
struct ClientVersion {
  static constexpr size_t kMaxParts = 4;
  std::array<uint32_t, kMaxParts> parts = {};  // what was not written is zero
  size_t size = 0;                             // how many were written

  // nullopt when `text` does not begin with a number (IV_VER absent).
  static std::optional<ClientVersion> Parse(absl::string_view text);
};

class VersionCondition {
 public:
  // Comparisons separated by commas, all of which must hold; each is one of = == != < <= > >=
  // (none:
  // =) and a version. INVALID_ARGUMENT otherwise.
  static absl::StatusOr<VersionCondition> Compile(absl::string_view text);

  // Only as many numbers are compared as the condition has: "= 2.6" and "<= 2.6" hold for 2.6.14.
  bool Holds(const ClientVersion& version) const;

 private:
  enum class Operator : uint8_t {
    kEqual,
    kNotEqual,
    kLess,
    kLessOrEqual,
    kGreater,
    kGreaterOrEqual
  };
  struct Comparison {
    Operator op;
    ClientVersion version;
  };
  std::vector<Comparison> comparisons_;
};

}  // namespace ovpnbroker::policy
