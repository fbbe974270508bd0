#include "tests/bench/child_process.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <utility>

namespace ovpnbroker::bench {
namespace {

pid_t Spawn(std::vector<std::string> command) {
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) DieOfErrno("fork");
  if (pid > 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() == parent) execvp(arguments[0], arguments.data());
  _exit(EXIT_FAILURE);
}

std::string MakeFolder() {
  std::string pattern = std::filesystem::temp_directory_path() / "ovb-bench-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) DieOfErrno("mkdtemp");
  return pattern;
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> command) : pid_(Spawn(std::move(command))) {}

ChildProcess::~ChildProcess() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void ChildProcess::Signal(int number) const { kill(pid_, number); }

SocketFolder::SocketFolder() : path_(MakeFolder()) {}

SocketFolder::~SocketFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

// Read and not run as it is: under valgrind it would be valgrind.
std::string SelfPath() { return std::filesystem::read_symlink("/proc/self/exe"); }

void DieOfErrno(const std::string& why) {
  std::cerr << why << ": " << std::strerror(errno) << '\n';
  std::exit(EXIT_FAILURE);
}

}  // namespace ovpnbroker::bench
