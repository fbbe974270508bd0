// A number in decimal behind a text, where StrAppend is too dear: in what is written for each
// client. Pure function; any thread.
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <limits>
#include <string>

namespace ovpnbroker::ovpn {

template <std::integral Number>
void AppendDecimal(Number number, std::string& text) {
  std::array<char, std::numeric_limits<Number>::digits10 + 2> digits;  // a sign as well
  text.append(digits.data(),
              std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

}  // namespace ovpnbroker::ovpn
