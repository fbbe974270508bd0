// Which raw directives an operator lets a policy put into a client-auth block. Immutable value; any
// thread.
#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ovpnbroker::ovpn {

class DirectivePolicy {
 public:
  // Allows nothing.
  DirectivePolicy() = default;

  // `allowed` are option names as in OpenVPN's manual ("vlan-pvid"). INVALID_ARGUMENT names the
  // first that has not that form or that no policy may use: `config` reads any file of the server,
  // `disable` is a deny in disguise, and `END` ends the block.
  static absl::StatusOr<DirectivePolicy> Make(const std::vector<std::string>& allowed);

  // The words of `line` when it is one option of the list, the option's name first and without
  // `--`. INVALID_ARGUMENT for everything else: control bytes, unbalanced quotes, no option at all,
  // another option, a word that begins with `<` (where OpenVPN would look for an inline file and
  // exit without one).
  absl::StatusOr<std::vector<std::string>> Admit(absl::string_view line) const;

 private:
  absl::flat_hash_set<std::string> allowed_;
};

// The words of an option that is to be pushed, checked for what a client would misread: as Admit,
// with any option name, and without commas, which separate pushed options.
absl::StatusOr<std::vector<std::string>> AdmitPushedOption(absl::string_view line);

}  // namespace ovpnbroker::ovpn
