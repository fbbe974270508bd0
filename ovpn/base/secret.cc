#include "ovpn/base/secret.h"

#include <string.h>

namespace ovpnbroker::ovpn {

// NOLINTNEXTLINE(performance-move-constructor-init): a copy on purpose, see Wipe
Secret::Secret(Secret&& other) noexcept : bytes_(other.bytes_) { other.Wipe(); }

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    Wipe();
    bytes_ = other.bytes_;
    other.Wipe();
  }
  return *this;
}

// explicit_bzero is not optimised away. Moving a std::string may leave the short-string copy
// behind, which is why moves above copy and wipe.
void Secret::Wipe() noexcept {
  explicit_bzero(bytes_.data(), bytes_.size());
  bytes_.clear();
}

}  // namespace ovpnbroker::ovpn
