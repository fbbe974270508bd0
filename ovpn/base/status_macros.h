// The two macros that absl::Status code cannot do without in C++20.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns from the enclosing function when `expression` (an absl::Status) is not OK.
#define RETURN_IF_ERROR(expression)                                         \
  do {                                                                      \
    if (absl::Status status_ = (expression); !status_.ok()) return status_; \
  } while (false)

#define OVPNBROKER_CONCAT_INNER(a, b) a##b
#define OVPNBROKER_CONCAT(a, b) OVPNBROKER_CONCAT_INNER(a, b)

// ASSIGN_OR_RETURN(auto value, MaybeValue()): declares or assigns, or returns the error.
#define ASSIGN_OR_RETURN(lhs, expression) \
  ASSIGN_OR_RETURN_IMPL(OVPNBROKER_CONCAT(statusor_, __LINE__), lhs, expression)
// NOLINTBEGIN(bugprone-macro-parentheses): `lhs` may be a declaration.
#define ASSIGN_OR_RETURN_IMPL(statusor, lhs, expression)   \
  auto statusor = (expression);                            \
  if (!statusor.ok()) return std::move(statusor).status(); \
  lhs = *std::move(statusor)
// NOLINTEND(bugprone-macro-parentheses)
