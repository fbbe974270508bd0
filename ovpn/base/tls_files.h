// The PEM files of mutual TLS, and what is wrong with them. Knows nothing of who uses them. Plain
// functions that read files; any thread.
#pragma once

#include <string>
#include <vector>

#include "ovpn/base/clock.h"

namespace ovpnbroker::ovpn {

struct TlsFiles {
  std::string ca;           // who the peer's certificate must come from; one or several
  std::string certificate;  // our own, followed by its intermediates
  std::string key;          // of the first certificate, without a passphrase
};

struct TlsProblem {
  enum class File { kCa, kCertificate, kKey };

  File file;
  bool is_warning;  // works, but an operator should look
  std::string message;
};

// Reads the three files: missing, unreadable, not PEM, expired or not yet valid at `now`, a key
// with a passphrase or of another certificate; and warnings for what is about to expire and for a
// key that everybody may read.
std::vector<TlsProblem> CheckTlsFiles(const TlsFiles& files, WallTime now);

}  // namespace ovpnbroker::ovpn
