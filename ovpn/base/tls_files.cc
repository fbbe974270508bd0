#include "ovpn/base/tls_files.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr std::chrono::hours kExpiresSoon{14 * 24};
constexpr mode_t kOthersMayRead = S_IROTH;

struct OpensslDeleter {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(FILE* file) const { std::fclose(file); }
};
using FilePtr = std::unique_ptr<FILE, OpensslDeleter>;
using CertificatePtr = std::unique_ptr<X509, OpensslDeleter>;
using KeyPtr = std::unique_ptr<EVP_PKEY, OpensslDeleter>;

// Never asks on a terminal; notes that somebody would have had to.
int NoPassphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

class Checker {
 public:
  Checker(const TlsFiles& files, WallTime now) : files_(files), now_(now) {}

  std::vector<TlsProblem> Check() {
    ReadCertificates(TlsProblem::File::kCa, files_.ca);
    const CertificatePtr own = ReadCertificates(TlsProblem::File::kCertificate, files_.certificate);
    const KeyPtr key = ReadKey();
    if (own != nullptr && key != nullptr && X509_check_private_key(own.get(), key.get()) != 1) {
      Report(TlsProblem::File::kKey,
             absl::StrCat(files_.key, ": is not the key of ", files_.certificate,
                          "; give the two files that were made together"));
    }
    ERR_clear_error();
    return std::move(problems_);
  }

 private:
  void Report(TlsProblem::File file, std::string message, bool is_warning = false) {
    problems_.push_back({file, is_warning, std::move(message)});
  }

  FilePtr Open(TlsProblem::File file, const std::string& path) {
    FilePtr stream(std::fopen(path.c_str(), "re"));
    if (stream == nullptr) Report(file, absl::StrCat(path, ": ", std::strerror(errno)));
    return stream;
  }

  // Checks each certificate of the file; returns the first.
  CertificatePtr ReadCertificates(TlsProblem::File file, const std::string& path) {
    const FilePtr stream = Open(file, path);
    if (stream == nullptr) return nullptr;
    CertificatePtr first;
    while (CertificatePtr next{PEM_read_X509(stream.get(), nullptr, nullptr, nullptr)}) {
      CheckValidity(file, path, *next);
      if (first == nullptr) first = std::move(next);
    }
    if (first == nullptr) {
      Report(file, absl::StrCat(path, ": holds no certificate in PEM form",
                                " (-----BEGIN CERTIFICATE-----)"));
    }
    return first;
  }

  void CheckValidity(TlsProblem::File file, const std::string& path, const X509& certificate) {
    time_t now = std::chrono::system_clock::to_time_t(now_);
    time_t soon = std::chrono::system_clock::to_time_t(now_ + kExpiresSoon);
    if (X509_cmp_time(X509_get0_notBefore(&certificate), &now) > 0) {
      Report(file, absl::StrCat(path, ": is not valid yet; look at this machine's clock"));
    } else if (X509_cmp_time(X509_get0_notAfter(&certificate), &now) < 0) {
      Report(file, absl::StrCat(path, ": has expired; renew it"));
    } else if (X509_cmp_time(X509_get0_notAfter(&certificate), &soon) < 0) {
      Report(file, absl::StrCat(path, ": expires within 14 days; renew it"), /*is_warning=*/true);
    }
  }

  KeyPtr ReadKey() {
    const FilePtr stream = Open(TlsProblem::File::kKey, files_.key);
    if (stream == nullptr) return nullptr;
    struct stat status{};
    if (fstat(fileno(stream.get()), &status) == 0 && (status.st_mode & kOthersMayRead) != 0) {
      Report(TlsProblem::File::kKey,
             absl::StrCat(files_.key, ": every local user may read it; chmod o= it"),
             /*is_warning=*/true);
    }
    bool has_passphrase = false;
    KeyPtr key(PEM_read_PrivateKey(stream.get(), nullptr, NoPassphrase, &has_passphrase));
    if (key == nullptr) {
      Report(
          TlsProblem::File::kKey,
          absl::StrCat(files_.key, has_passphrase ? ": has a passphrase, which nobody can type here"
                                                  : ": holds no private key in PEM form"));
    }
    return key;
  }

  const TlsFiles& files_;
  const WallTime now_;
  std::vector<TlsProblem> problems_;
};

}  // namespace

std::vector<TlsProblem> CheckTlsFiles(const TlsFiles& files, WallTime now) {
  return Checker(files, now).Check();
}

}  // namespace ovpnbroker::ovpn
