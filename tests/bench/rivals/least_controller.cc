// The least that a controller can do and still let clients in: it finds the end of each CONNECT and
// answers with the lines it was started with. It parses no environment, keeps no client and no
// deadline, writes no log and checks nothing. Not a rival to be as good as, but the floor: what it
// costs is the price of being another process on OpenVPN's management socket.
// Usage: least_controller [LINE]... SOCKET   without lines: client-auth-nt

#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tests/bench/management_socket.h"

namespace ovpnbroker::bench {
namespace {

constexpr size_t kReadBytes = 64 * 1024;
constexpr absl::string_view kConnect = ">CLIENT:CONNECT,";
constexpr absl::string_view kEnd = ">CLIENT:ENV,END";

class LeastController {
 public:
  explicit LeastController(std::string block) : block_(std::move(block)) {}

  // Appends to `answers` what the lines of `bytes` call for; gives how much of `bytes` was taken.
  size_t Take(absl::string_view bytes, std::string& answers) {
    size_t begin = 0;
    for (size_t end; (end = bytes.find('\n', begin)) != bytes.npos; begin = end + 1) {
      TakeLine(bytes.substr(begin, end - begin), answers);
    }
    return begin;
  }

 private:
  void TakeLine(absl::string_view line, std::string& answers) {
    if (absl::StartsWith(line, kConnect)) {
      const absl::string_view key = line.substr(kConnect.size());
      const size_t comma = key.find(',');
      // The CR behind it is no part of the KID.
      key_ = absl::StrCat(key.substr(0, comma), " ", key.substr(comma + 1, key.size() - comma - 2));
    } else if (!key_.empty() && absl::StartsWith(line, kEnd)) {
      if (block_.empty()) {
        absl::StrAppend(&answers, "client-auth-nt ", key_, "\n");
      } else {
        absl::StrAppend(&answers, "client-auth ", key_, "\n", block_, "END\n");
      }
      absl::StrAppend(&answers, "client-pending-auth ", key_, " \"\" 60\n");
      key_.clear();
    }
  }

  const std::string block_;
  std::string key_;  // "CID KID" of the CONNECT whose environment comes; empty: none
};

int Control(const std::string& path, std::string block) {
  StreamSocket openvpn = StreamSocket::Connect(path);
  openvpn.Write("hold release\n");
  LeastController controller(std::move(block));
  std::string chunk(kReadBytes, '\0');
  std::string unread;
  std::string answers;
  while (const size_t size = openvpn.Read(chunk)) {
    unread.append(chunk, 0, size);
    unread.erase(0, controller.Take(unread, answers));
    if (!answers.empty()) openvpn.Write(answers);
    answers.clear();
  }
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace ovpnbroker::bench

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: least_controller [LINE]... SOCKET\n";
    return EXIT_FAILURE;
  }
  std::string block;
  for (int i = 1; i < argc - 1; ++i) absl::StrAppend(&block, argv[i], "\n");
  return ovpnbroker::bench::Control(argv[argc - 1], std::move(block));
}
