// A /proc of the test's own with the few files of a process that a scan reads.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::test {

struct FakeProcess {
  int pid = 100;
  std::vector<std::string> arguments;
  std::string program = "/usr/sbin/openvpn";
  std::string directory = "/";
  std::string root = "/";
  std::string name = "openvpn";
  char state = 'S';
  int parent = 1;
  uint64_t start_time = 4242;
  std::string mount_namespace = "mnt:[1]";
  std::string pid_namespace = "pid:[1]";
};

class FakeProc {
 public:
  FakeProc() { AddNamespaces("self", FakeProcess()); }

  void Add(const FakeProcess& process) {
    const std::string id = absl::StrCat(process.pid);
    AddNamespaces(id, process);
    std::filesystem::create_symlink(process.program, File(id, "exe"));
    std::filesystem::create_directory_symlink(process.directory, File(id, "cwd"));
    std::filesystem::create_directory_symlink(process.root, File(id, "root"));
    std::ofstream(File(id, "cmdline"))
        << absl::StrJoin(process.arguments, absl::string_view("\0", 1)) << '\0';
    SetStat(process);
  }

  // Writes the stat file anew, as when the process became another.
  void SetStat(const FakeProcess& process) {
    std::ofstream(File(absl::StrCat(process.pid), "stat"))
        << process.pid << " (" << process.name << ") " << process.state << " " << process.parent
        << " 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 " << process.start_time << " 23 24\n";
  }

  const std::string& root() const { return directory_.path(); }

 private:
  std::string File(const std::string& id, const char* file) const {
    return absl::StrCat(root(), "/", id, "/", file);
  }

  void AddNamespaces(const std::string& id, const FakeProcess& process) {
    std::filesystem::create_directories(File(id, "ns"));
    std::filesystem::create_symlink(process.mount_namespace, File(id, "ns/mnt"));
    std::filesystem::create_symlink(process.pid_namespace, File(id, "ns/pid"));
  }

  TempDir directory_;
};

}  // namespace ovpnbroker::test
