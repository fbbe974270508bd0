#include "server/admin/socket_access.h"

#include <fcntl.h>
#include <pwd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "ovpn/base/status_macros.h"

namespace ovpnbroker::server {
namespace {

constexpr size_t kUserEntryBytes = 4096;

// Empty: the user has no name on this machine.
std::string LoginName(uid_t uid) {
  std::array<char, kUserEntryBytes> buffer = {};
  passwd entry = {};
  passwd* found = nullptr;
  getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  return found == nullptr ? "" : found->pw_name;
}

std::string Describe(const ovpn::PeerCredentials& peer) {
  const std::string name = LoginName(peer.uid);
  return absl::StrCat("unix:uid=", peer.uid, name.empty() ? "" : absl::StrCat("(", name, ")"),
                      ",pid=", peer.pid);
}

}  // namespace

absl::StatusOr<ovpn::UniqueFd> SocketAccess::Enter(ovpn::UniqueFd connection) {
  const std::optional<ovpn::PeerCredentials> owner = ovpn::PeerOf(connection.get());
  if (!owner.has_value()) return absl::UnauthenticatedError("the kernel does not say whose it is");
  return Enter(std::move(connection), *owner);
}

absl::StatusOr<ovpn::UniqueFd> SocketAccess::Enter(ovpn::UniqueFd connection,
                                                   const ovpn::PeerCredentials& owner) {
  const policy::MutexLock lock(mutex_);
  while (true) {
    const auto [entry, fresh] = owners_.try_emplace(connection.get(), owner);
    if (fresh || entry->second.uid == owner.uid) {
      entry->second = owner;
      return connection;
    }
    const int next = fcntl(connection.get(), F_DUPFD_CLOEXEC, connection.get() + 1);
    if (next < 0) return absl::ResourceExhaustedError("no file descriptor is left");
    connection.Reset(next);
  }
}

Caller SocketAccess::Identify(const grpc::ServerContextBase& call) const {
  return IdentifyPeer(call.peer());
}

Caller SocketAccess::IdentifyPeer(absl::string_view peer) const {
  int number = 0;
  absl::string_view digits = peer;
  if (absl::ConsumePrefix(&digits, "fd:") && absl::SimpleAtoi(digits, &number)) {
    std::optional<ovpn::PeerCredentials> owner;
    {
      const policy::MutexLock lock(mutex_);
      const auto found = owners_.find(number);
      if (found != owners_.end()) owner = found->second;
    }
    if (owner.has_value()) return {Describe(*owner), /*authenticated=*/true, role_};
  }
  return {std::string(peer), /*authenticated=*/false, role_};
}

}  // namespace ovpnbroker::server
