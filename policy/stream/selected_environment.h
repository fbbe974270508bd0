// Which variables of an environment one DecisionRequest carries: those that the policy asked for,
// and of these as many as fit into a message. A view of the environment, made for one message;
// any thread.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "ovpn/types/environment.h"

namespace ovpnbroker::policy {

class SelectedEnvironment {
 public:
  // `patterns` are shell patterns of names, none: all. `used_bytes` are the size of the rest of the
  // message. `environment` outlives this.
  SelectedEnvironment(const ovpn::Environment& environment,
                      const std::vector<std::string>& patterns, size_t used_bytes);
  SelectedEnvironment(const SelectedEnvironment&) = delete;
  SelectedEnvironment& operator=(const SelectedEnvironment&) = delete;

  // Names are valid UTF-8, values any bytes. From the last that came to the first: of two entries
  // with one name the later in a message counts (protobuf's rule for maps), and of two variables
  // the first (ovpn::Environment::Get).
  absl::Span<const ovpn::Environment::Entry> entries() const { return entries_; }
  // The largest variables were left out.
  bool truncated() const { return truncated_; }

 private:
  void FitInto(size_t budget);

  std::vector<ovpn::Environment::Entry> entries_;
  std::deque<std::string> repaired_names_;
  bool truncated_ = false;
};

}  // namespace ovpnbroker::policy
