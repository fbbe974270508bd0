// Decimal numbers as OpenVPN prints them: digits only, no sign, blank or rest. Pure functions; any
// thread.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>

#include "absl/strings/string_view.h"

namespace ovpnbroker::ovpn {

// nullopt unless all of `text` is digits whose value fits.
template <std::integral Number>
std::optional<Number> ParseDecimal(absl::string_view text) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end || number < 0) return std::nullopt;
  return number;
}

}  // namespace ovpnbroker::ovpn
