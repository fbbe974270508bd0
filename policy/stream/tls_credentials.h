// gRPC credentials for mutual TLS that read their PEM files again when they change on disk: for the
// policy streams (client side) and for listeners (server side). They own a thread of gRPC's that
// looks at the files. Any thread.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>

#include "ovpn/base/tls_files.h"

namespace ovpnbroker::policy {

// How often the files are looked at. A handshake uses what was read last; connections that exist
// stay.
inline constexpr std::chrono::seconds kTlsRefresh{10};

// Present `files.certificate` and accept only peers whose certificate comes from `files.ca`. The
// client side also checks the server's name (GRPC_SSL_TARGET_NAME_OVERRIDE_ARG, or the address).
// Files that cannot be read make each handshake fail until they can.
std::shared_ptr<grpc::ChannelCredentials> MakeTlsChannelCredentials(
    const ovpn::TlsFiles& files, std::chrono::seconds refresh = kTlsRefresh);
std::shared_ptr<grpc::ServerCredentials> MakeTlsServerCredentials(
    const ovpn::TlsFiles& files, std::chrono::seconds refresh = kTlsRefresh);

}  // namespace ovpnbroker::policy
