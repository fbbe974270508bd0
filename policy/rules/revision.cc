#include "policy/rules/revision.h"

#include <cstdint>

#include "absl/strings/str_format.h"

namespace ovpnbroker::policy {

std::string RevisionOf(absl::string_view content) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : content) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return absl::StrFormat("%016x", hash);
}

}  // namespace ovpnbroker::policy
