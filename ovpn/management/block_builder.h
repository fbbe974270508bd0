// Collects the lines of one client-auth block, and all that is wrong with the configuration they
// are made from, and keeps the limits. Lives for one ClientAuthBlock::Compile.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ovpn/management/client_auth_block.h"
#include "ovpn/types/verdict.h"

namespace ovpnbroker::ovpn {

// A path inside ClientConfig: "push_reset", "routes[3]", "routes[3].gateway". Text is made of it
// only when the field is refused. Refers to its names.
class FieldPath {
 public:
  FieldPath(const char* name) : name_(name) {}
  FieldPath(const char* list, size_t index) : name_(list), index_(index) {}

  FieldPath Member(const char* name) const {
    FieldPath path = *this;
    path.member_ = name;
    return path;
  }
  std::string ToString() const;

 private:
  absl::string_view name_;
  std::optional<size_t> index_;
  absl::string_view member_;
};

class BlockBuilder {
 public:
  void Refuse(const FieldPath& field, absl::string_view description);

  using Words = absl::Span<const absl::string_view>;

  // A line of the block from its words.
  void AddLine(const FieldPath& field, Words words);
  // A line that pushes an option, a line in a policy's own words, to the client.
  void AddPushLine(const FieldPath& field, absl::string_view option_line);

  // The same two from words that need no quotes, as JoinPlainWords takes them.
  void AddPlainLine(const FieldPath& field, Words words);
  void AddPlainPush(const FieldPath& field, Words option_words);

  void AddIntendedAddress(std::string address, bool primary);

  // Ends the collection: checks the whole.
  Checked<ClientAuthBlock> Finish() &&;

 private:
  void Add(const FieldPath& field, std::string&& line);

  std::vector<std::string> lines_;
  std::vector<IntendedAddress> intended_addresses_;
  size_t push_bytes_ = 0;
  std::vector<FieldViolation> violations_;
};

}  // namespace ovpnbroker::ovpn
