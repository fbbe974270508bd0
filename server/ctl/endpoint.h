// Which broker is meant: the options before the subcommand, the environment and the contexts file,
// in this order.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace ovpnbroker::ctl {

inline constexpr char kDefaultSocket[] = "/run/ovpn-broker/admin.sock";

// As given on the command line; empty: not given.
struct EndpointOptions {
  std::string context;
  std::string socket;
  std::string server;       // ADDRESS:PORT
  std::string ca;           // file: who may have signed the broker's certificate
  std::string certificate;  // file: ours
  std::string key;          // file: its private key
  std::string server_name;  // a name in the broker's certificate, when it is not the address
};

// One broker: a unix socket, or an address with all that mutual TLS takes.
struct Endpoint {
  std::string socket;
  std::string server;
  std::string ca_pem;
  std::string certificate_pem;
  std::string key_pem;
  std::string server_name;

  bool is_socket() const { return server.empty(); }
  // For messages.
  const std::string& name() const { return is_socket() ? socket : server; }
};

// In order of weight: --server or --socket, --context, OVPN_BROKER_SOCKET, OVPN_BROKER_CONTEXT, the
// current context, the default socket. --ca, --cert, --key and --server-name win over the fields of
// a context. Reads the files; errors say what to do.
absl::StatusOr<Endpoint> ResolveEndpoint(const EndpointOptions& options);

// The text of a private key's file. Refused when others than the owner and the group can read it,
// or others than the owner can write it.
absl::StatusOr<std::string> ReadKeyFile(const std::string& path);

}  // namespace ovpnbroker::ctl
