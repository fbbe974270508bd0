// A value that must not reach a log, a table or a core dump by accident: it cannot be copied,
// printed or compared, and its bytes are overwritten when it goes. Owned by whoever holds it; not
// thread-safe.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace ovpnbroker::ovpn {

class Secret {
 public:
  Secret() = default;
  explicit Secret(absl::string_view bytes) : bytes_(bytes) {}
  ~Secret() { Wipe(); }

  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  // A second holder, made on purpose and visible in review.
  Secret Clone() const { return Secret(bytes_); }

  // The bytes. Call it only where they leave the process (a granted policy, the management
  // password).
  absl::string_view Reveal() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }

 private:
  void Wipe() noexcept;

  std::string bytes_;
};

}  // namespace ovpnbroker::ovpn
