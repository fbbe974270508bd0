#include "ovpn/types/environment.h"

#include "absl/strings/str_cat.h"

namespace ovpnbroker::ovpn {
std::optional<absl::string_view> Environment::Get(absl::string_view name) const {
  for (const Span& span : spans_) {
    // Most names differ in length already, and most others in their last byte: tls_id_0, tls_id_1.
    if (span.name_size != name.size()) continue;
    const Entry entry = EntryAt(buffer_.data(), span);
    if (entry.name.back() == name.back() && entry.name == name) return entry.value;
  }
  return std::nullopt;
}

size_t Environment::byte_size() const {
  size_t size = 0;
  for (const Span& span : spans_) size += span.name_size + 1 + span.value_size;
  return size;
}

void Environment::Builder::Add(absl::string_view name, absl::string_view value) {
  AddEntry(absl::StrCat(name, "=", value), name.size());
}

Environment Environment::Builder::Build() {
  Environment environment;
  environment.buffer_ = std::string(buffer_.data(), buffer_.size());
  environment.spans_ = std::vector<Span>(spans_.begin(), spans_.end());
  Clear();
  return environment;
}

void Environment::Builder::Clear() {
  buffer_.clear();
  spans_.clear();
  byte_size_ = 0;
}

}  // namespace ovpnbroker::ovpn
