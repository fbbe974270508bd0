// A unix socket that listens and accepts nobody, as a foreign process would hold it. Its file stays
// when it goes, as after a crash.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstdlib>
#include <string>
#include <utility>

#include "ovpn/base/unique_fd.h"

namespace ovpnbroker::test {

class UnixListener {
 public:
  explicit UnixListener(std::string path, int backlog = 5)
      : path_(std::move(path)), fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_un address = Address();
    if (bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
        listen(fd_.get(), backlog) != 0) {
      abort();
    }
  }

  // A client that waits in the backlog.
  ovpn::UniqueFd Connect() const {
    ovpn::UniqueFd client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un address = Address();
    if (connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      abort();
    }
    return client;
  }

 private:
  sockaddr_un Address() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof(address.sun_path) - 1);
    return address;
  }

  std::string path_;
  ovpn::UniqueFd fd_;
};

}  // namespace ovpnbroker::test
