#include "ovpn/process/management_socket.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "ovpn/base/unique_fd.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kPermissionBits = 07777;

// How long a listener on loopback may take to accept or refuse.
constexpr int kTcpProbeMilliseconds = 100;
constexpr size_t kMaxSocketPathBytes = sizeof(sockaddr_un::sun_path) - 1;

// Tries to connect without waiting; 0 or an errno. Nothing is sent.
int TryConnect(int fd, const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 ? 0 : errno;
}

// " (process 12)", or nothing when the kernel does not say.
std::string PeerText(int fd) {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return "";
  return credentials.pid > 0 ? absl::StrCat(" (process ", credentials.pid, ")") : "";
}

absl::Status LiveListener(const std::string& path, const std::string& who) {
  return absl::FailedPreconditionError(
      absl::StrCat("another process", who, " listens on the management socket ", path,
                   "; stop it, or give this instance another socket"));
}

}  // namespace

absl::Status PrepareSocketDirectory(const std::string& socket_path) {
  const size_t slash = socket_path.rfind('/');
  if (socket_path.empty() || socket_path.front() != '/' || slash + 1 == socket_path.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the management socket \"", socket_path, "\" is not an absolute path"));
  }
  if (socket_path.size() > kMaxSocketPathBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the path of the management socket ", socket_path, " has ", socket_path.size(),
                     " bytes; at most ", kMaxSocketPathBytes, " are possible"));
  }
  const std::string directory = socket_path.substr(0, slash);
  if (directory.empty()) {
    return absl::FailedPreconditionError(absl::StrCat("the management socket ", socket_path,
                                                      " needs a directory of its own, not /"));
  }
  if (mkdir(directory.c_str(), kDirectoryMode) != 0 && errno != EEXIST) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot make the socket directory ", directory));
  }
  struct stat info;
  if (lstat(directory.c_str(), &info) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot read the socket directory ", directory));
  }
  if (!S_ISDIR(info.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory, ", where the management socket goes, is not a directory"));
  }
  if (info.st_uid != geteuid()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the socket directory ", directory, " belongs to user ", info.st_uid,
                     ", and the broker runs as user ", geteuid(), "; chown or remove it"));
  }
  if ((info.st_mode & kPermissionBits) != kDirectoryMode) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the socket directory %s has mode %04o; OpenVPN's socket in it is open to everybody, so it "
        "must be 0700 (chmod it if nothing else uses it)",
        directory, info.st_mode & kPermissionBits));
  }
  return absl::OkStatus();
}

absl::StatusOr<SocketPlace> ClearSocketPlace(const std::string& socket_path) {
  struct stat info;
  if (lstat(socket_path.c_str(), &info) != 0) {
    if (errno == ENOENT) return SocketPlace::kFree;
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot look at ", socket_path));
  }
  if (!S_ISSOCK(info.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(socket_path,
                     " is not a socket, and OpenVPN would delete it to make its "
                     "management socket; move it away"));
  }
  const UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "cannot make a socket");
  switch (const int error = TryConnect(fd.get(), socket_path)) {
    case 0:
      return LiveListener(socket_path, PeerText(fd.get()));
    case EAGAIN:      // its backlog is full
    case EPROTOTYPE:  // it takes datagrams
      return LiveListener(socket_path, "");
    case ENOENT:
      return SocketPlace::kFree;
    case ECONNREFUSED:
      break;
    default:
      return absl::ErrnoToStatus(error, absl::StrCat("cannot probe ", socket_path));
  }
  if (unlink(socket_path.c_str()) != 0 && errno != ENOENT) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot remove the stale socket ", socket_path));
  }
  return SocketPlace::kStaleRemoved;
}

absl::Status CheckTcpPlace(const asio::generic::stream_protocol::endpoint& endpoint) {
  const UniqueFd fd(
      socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "cannot make a socket");
  if (connect(fd.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0) {
    if (errno != EINPROGRESS) return absl::ErrnoToStatus(errno, "cannot probe the management port");
    // Loopback answers at once. Who does not answer has a full backlog: somebody is there.
    pollfd wait{.fd = fd.get(), .events = POLLOUT, .revents = 0};
    int error = 0;
    socklen_t size = sizeof error;
    if (poll(&wait, 1, kTcpProbeMilliseconds) == 1 &&
        getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == ECONNREFUSED) {
      return absl::OkStatus();
    }
  }
  return absl::FailedPreconditionError(
      "another process listens on the management address of this instance; end it, or give the "
      "instance another port");
}

}  // namespace ovpnbroker::ovpn
