// What `ovpn-brokerctl import` makes of OpenVPN server configurations: the broker's configuration
// and rules for them, and what stands in their way. Reads files, writes none. Single-threaded.
#pragma once

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "ovpn/process/config_check.h"

namespace ovpnbroker::server {

struct ImportedServer {
  std::string file;      // absolute path
  std::string instance;  // the name made of the file's
  std::string ccd;       // client-config-dir, absolute path; empty: none
  bool ccd_exclusive = false;
  std::string password_check;  // "office.conf:12: auth-user-pass-verify"; empty: none
  // What the broker's own check says, then what the packaged service does not allow.
  std::vector<ovpn::ConfigFinding> findings;
  int hand_window_seconds = ovpn::kDefaultHandWindowSeconds;
  bool certificate_required = true;

  bool ok() const;  // no finding is an error
};

struct Import {
  std::vector<ImportedServer> servers;
  std::vector<std::string>
      left_out;  // files that are no server's, or cannot be read; with the reason
};

// `files` in the order of the command line. `ccd_as_rules`: a client-config-dir becomes a policy of
// its own, instead of staying in OpenVPN's hands.
Import ImportServers(absl::Span<const std::string> files, bool ccd_as_rules);

// The broker's configuration; `rules_file` is the name of the file that ImportedRules goes to.
std::string ImportedConfig(const Import& import, bool ccd_as_rules, const std::string& rules_file);
// Lets in whom OpenVPN let in, as far as a certificate decided; where a password did, nobody.
std::string ImportedRules(const Import& import);

}  // namespace ovpnbroker::server
