#include "ovpn/base/unix_socket.h"

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "ovpn/base/status_macros.h"

namespace ovpnbroker::ovpn {
namespace {

// Between bind and the final permissions the socket is the process's alone.
constexpr mode_t kBindUmask = 0177;
constexpr int kBacklog = 64;

absl::StatusOr<sockaddr_un> MakeAddress(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("the socket's path \"", path,
                                                   "\" must have 1 to ",
                                                   sizeof(address.sun_path) - 1, " bytes"));
  }
  memcpy(address.sun_path, path.data(), path.size());
  return address;
}

UniqueFd NewSocket() {
  return UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

const sockaddr* AsAddress(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

// Makes room at `path`, unless what is there is in use or is no socket.
absl::Status RemoveStale(const std::string& path, const sockaddr_un& address) {
  struct stat entry = {};
  if (lstat(path.c_str(), &entry) != 0) {
    if (errno == ENOENT) return absl::OkStatus();
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot look at ", path));
  }
  if (!S_ISSOCK(entry.st_mode)) {
    return absl::AlreadyExistsError(
        absl::StrCat(path, " exists and is not a socket; move it away or choose another path"));
  }
  const UniqueFd probe = NewSocket();
  if (!probe.valid()) return absl::ErrnoToStatus(errno, "cannot make a socket");
  // EAGAIN: its queue is full, so somebody has it open.
  if (connect(probe.get(), AsAddress(address), sizeof(address)) == 0 || errno == EAGAIN) {
    return absl::AlreadyExistsError(absl::StrCat("another process listens on ", path));
  }
  if (errno != ECONNREFUSED) return absl::ErrnoToStatus(errno, absl::StrCat("cannot use ", path));
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot remove the old socket ", path));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SetSocketPermissions(const std::string& path, const SocketPermissions& permissions) {
  if (!permissions.group.empty()) {
    const struct group* entry = getgrnam(permissions.group.c_str());
    if (entry == nullptr) {
      return absl::NotFoundError(
          absl::StrCat("the group of ", path, ": there is no group \"", permissions.group, "\""));
    }
    constexpr auto kKeepOwner = static_cast<uid_t>(-1);
    if (chown(path.c_str(), kKeepOwner, entry->gr_gid) != 0) {
      return absl::ErrnoToStatus(
          errno, absl::StrCat("cannot give ", path, " to group ", permissions.group));
    }
  }
  if (chmod(path.c_str(), permissions.mode) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot set permissions of ", path));
  }
  return absl::OkStatus();
}

absl::StatusOr<UniqueFd> ListenOnUnixSocket(const std::string& path,
                                            const SocketPermissions& permissions) {
  ASSIGN_OR_RETURN(const sockaddr_un address, MakeAddress(path));
  RETURN_IF_ERROR(RemoveStale(path, address));
  UniqueFd listener = NewSocket();
  if (!listener.valid()) return absl::ErrnoToStatus(errno, "cannot make a socket");
  const mode_t old_umask = umask(kBindUmask);
  const int bound = bind(listener.get(), AsAddress(address), sizeof(address));
  const int bind_error = errno;
  umask(old_umask);
  if (bound != 0) {
    return absl::ErrnoToStatus(bind_error, absl::StrCat("cannot bind the socket ", path));
  }
  if (listen(listener.get(), kBacklog) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot listen on ", path));
  }
  RETURN_IF_ERROR(SetSocketPermissions(path, permissions));
  return listener;
}

}  // namespace ovpnbroker::ovpn
