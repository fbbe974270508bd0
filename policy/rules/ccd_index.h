// Which file of a client-config-dir is a client's, as OpenVPN finds it. Immutable once made; any
// thread.
#pragma once

#include <cstddef>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace ovpnbroker::policy {

// The file for everybody without one of their own.
inline constexpr absl::string_view kCcdDefaultFile = "DEFAULT";

// The name of the file that OpenVPN opens for a common name (platform_gen_path): slashes and
// control bytes become `_`. Empty: it opens none ("." and "..").
std::string CcdFileName(absl::string_view common_name);

class CcdIndex {
 public:
  // Positions in the list of rules.
  struct Rules {
    absl::flat_hash_map<std::string, size_t> files;  // by the file's name
    size_t other = 0;                                // for a common name without a file
    size_t nameless = 0;                             // for a client without a common name
    bool exclusive = false;  // "DEFAULT" as a common name is one without a file
  };

  explicit CcdIndex(Rules rules);

  size_t Find(absl::string_view common_name) const;

 private:
  Rules rules_;
};

}  // namespace ovpnbroker::policy
