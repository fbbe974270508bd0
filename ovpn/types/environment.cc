#include "ovpn/types/environment.h"

#include <cstring>
#include <utility>

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
    const char* const entry = buffer_.data() + span.offset;
    if (std::memcmp(entry, name.data(), name.size()) != 0) continue;
    return absl::string_view(entry + span.name_size, span.value_size);
  }
  return std::nullopt;
}

Environment::Entry Environment::operator[](size_t index) const {
  const Span& span = spans_[index];
  const absl::string_view all(buffer_);
  return {all.substr(span.offset, span.name_size),
          all.substr(span.offset + span.name_size, span.value_size)};
}

Environment::Iterator Environment::begin() const { return {this, 0}; }
Environment::Iterator Environment::end() const { return {this, spans_.size()}; }

void Environment::Builder::Add(absl::string_view name, absl::string_view value) {
  if (environment_.spans_.empty()) {
    environment_.spans_.reserve(kUsualEntries);
    environment_.buffer_.reserve(kUsualBytes);
  }
  environment_.spans_.push_back({static_cast<uint32_t>(environment_.buffer_.size()),
                                 static_cast<uint32_t>(name.size()),
                                 static_cast<uint32_t>(value.size())});
  environment_.buffer_.append(name.data(), name.size());
  environment_.buffer_.append(value.data(), value.size());
}

Environment Environment::Builder::Build() { return std::exchange(environment_, Environment()); }

}  // namespace ovpnbroker::ovpn
