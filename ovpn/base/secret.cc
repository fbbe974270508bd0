#include "ovpn/base/secret.h"

#include <string.h>

#include <utility>

namespace ovpnbroker::ovpn {

Secret::Secret(absl::string_view bytes)
    : bytes_(bytes.empty() ? nullptr : new char[bytes.size()]), size_(bytes.size()) {
  bytes.copy(bytes_.get(), size_);
}

Secret::Secret(Secret&& other) noexcept
    : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    Wipe();
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

// explicit_bzero is not optimised away.
void Secret::Wipe() noexcept {
  if (size_ > 0) explicit_bzero(bytes_.get(), size_);
  bytes_.reset();
  size_ = 0;
}

}  // namespace ovpnbroker::ovpn
