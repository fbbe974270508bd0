// Collects the lines of one client-auth block, and all that is wrong with the configuration they
// are made from, and keeps the limits. Lives for one ClientAuthBlock::Compile.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ovpn/management/client_auth_block.h"
#include "ovpn/types/verdict.h"

namespace ovpnbroker::ovpn {

class BlockBuilder {
 public:
  // `field` is here and below a path inside ClientConfig: "routes[3].gateway".
  void Refuse(absl::string_view field, absl::string_view description);

  using Words = absl::Span<const absl::string_view>;

  // A line of the block from its words.
  void AddLine(absl::string_view field, Words words);
  // A line that pushes the option of these words to the client.
  void AddPush(absl::string_view field, Words option_words);
  // The same for an option line in a policy's own words.
  void AddPushLine(absl::string_view field, absl::string_view option_line);

  void AddIntendedAddress(std::string address, bool primary);

  // Ends the collection: checks the whole.
  Checked<ClientAuthBlock> Finish() &&;

 private:
  std::vector<std::string> lines_;
  std::vector<IntendedAddress> intended_addresses_;
  size_t push_bytes_ = 0;
  std::vector<FieldViolation> violations_;
};

// "routes", 3 -> "routes[3]".
std::string IndexedField(absl::string_view field, size_t index);

}  // namespace ovpnbroker::ovpn
