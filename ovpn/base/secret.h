// A value that must not reach a log, a table or a core dump by accident: it cannot be copied,
// printed or compared, and its bytes are overwritten when it goes. Owned by whoever holds it; not
// thread-safe.
#pragma once

#include <cstddef>
#include <memory>

#include "absl/strings/string_view.h"

namespace ovpnbroker::ovpn {

class Secret {
 public:
  Secret() = default;
  explicit Secret(absl::string_view bytes);
  ~Secret() { Wipe(); }

  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  // A second holder, made on purpose and visible in review.
  Secret Clone() const { return Secret(Reveal()); }

  // The bytes. Call it only where they leave the process (a granted policy, the management
  // password).
  absl::string_view Reveal() const { return {bytes_.get(), size_}; }
  bool empty() const { return size_ == 0; }

 private:
  void Wipe() noexcept;

  // Not a std::string: a move must leave nothing behind, and short strings are inside the object.
  std::unique_ptr<char[]> bytes_;
  size_t size_ = 0;
};

}  // namespace ovpnbroker::ovpn
