// A value, or everything that is wrong with what it was to be made from. For input with many fields
// (a verdict), where one absl::Status could tell about one of them only. Plain value; any thread.
#pragma once

#include <utility>
#include <variant>
#include <vector>

#include "ovpn/types/verdict.h"

namespace ovpnbroker::ovpn {

template <typename T>
class Checked {
 public:
  // Both convert, so that a function can return either.
  Checked(T value) : content_(std::move(value)) {}
  Checked(std::vector<FieldViolation> violations) : content_(std::move(violations)) {}

  bool ok() const { return std::holds_alternative<T>(content_); }
  // Only when ok().
  const T& value() const { return std::get<T>(content_); }
  T TakeValue() { return std::get<T>(std::move(content_)); }
  // Only when not ok(); never empty then.
  const std::vector<FieldViolation>& violations() const {
    return std::get<std::vector<FieldViolation>>(content_);
  }

 private:
  std::variant<T, std::vector<FieldViolation>> content_;
};

}  // namespace ovpnbroker::ovpn
