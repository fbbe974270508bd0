#include "policy/stream/tls_credentials.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

namespace ovpnbroker::policy {
namespace {

std::shared_ptr<grpc::experimental::CertificateProviderInterface> Watch(
    const ovpn::TlsFiles& files, std::chrono::seconds refresh) {
  return std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      files.key, files.certificate, files.ca, static_cast<unsigned int>(refresh.count()));
}

}  // namespace

std::shared_ptr<grpc::ChannelCredentials> MakeTlsChannelCredentials(const ovpn::TlsFiles& files,
                                                                    std::chrono::seconds refresh) {
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(Watch(files, refresh));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  return grpc::experimental::TlsCredentials(options);
}

std::shared_ptr<grpc::ServerCredentials> MakeTlsServerCredentials(const ovpn::TlsFiles& files,
                                                                  std::chrono::seconds refresh) {
  grpc::experimental::TlsServerCredentialsOptions options(Watch(files, refresh));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

}  // namespace ovpnbroker::policy
