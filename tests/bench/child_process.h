// A rival or a service in a process of its own, which ends with its owner however that ends.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace ovpnbroker::bench {

class ChildProcess {
 public:
  // Runs `command`, found in PATH; ends the program when there can be no child.
  explicit ChildProcess(std::vector<std::string> command);
  // Kills it.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  void Signal(int number) const;
  pid_t pid() const { return pid_; }

 private:
  const pid_t pid_;
};

// A new folder for sockets, removed with its owner.
class SocketFolder {
 public:
  SocketFolder();
  ~SocketFolder();
  SocketFolder(const SocketFolder&) = delete;
  SocketFolder& operator=(const SocketFolder&) = delete;

  // The path of the file `name` in it.
  std::string Path(const std::string& name) const { return path_ + "/" + name; }

 private:
  const std::string path_;
};

// This program's own executable, for ChildProcess.
std::string SelfPath();

// Ends the program: `why`, and errno's text.
[[noreturn]] void DieOfErrno(const std::string& why);

}  // namespace ovpnbroker::bench
