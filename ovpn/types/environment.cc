#include "ovpn/types/environment.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace ovpnbroker::ovpn {
namespace {

// A CONNECT of a client with a certificate and a password has less.
constexpr size_t kUsualEntries = 64;
constexpr size_t kUsualBytes = 3072;

}  // namespace

std::optional<absl::string_view> Environment::Get(absl::string_view name) const {
  for (const Span& span : spans_) {
    // Most names differ in length already.
    if (span.name_size != name.size()) continue;
    const Entry entry = EntryAt(span);
    if (std::memcmp(entry.name.data(), name.data(), name.size()) == 0) return entry.value;
  }
  return std::nullopt;
}

Environment::Iterator Environment::begin() const { return {this, 0}; }
Environment::Iterator Environment::end() const { return {this, spans_.size()}; }

void Environment::Builder::Add(absl::string_view name, absl::string_view value) {
  AddEntry(absl::StrCat(name, "=", value), name.size());
}

void Environment::Builder::Grow(size_t more) {
  buffer_.resize(std::max({kUsualBytes, 2 * buffer_.size(), byte_size_ + more}));
  spans_.reserve(kUsualEntries);
}

Environment Environment::Builder::Build() {
  Environment environment;
  environment.buffer_.assign(buffer_, 0, byte_size_);
  environment.spans_ = spans_;
  Clear();
  return environment;
}

void Environment::Builder::Clear() {
  byte_size_ = 0;
  spans_.clear();
}

}  // namespace ovpnbroker::ovpn
