// Helpers of the process tests: an observer that keeps what it hears, and shell children.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ovpn/process/launcher.h"

namespace ovpnbroker::test {

class ChildRecorder final : public ovpn::ChildObserver {
 public:
  void OnChildOutput(absl::string_view line) override { lines.emplace_back(line); }
  void OnChildExit(const ovpn::ExitStatus& exit_status) override { status = exit_status; }

  std::vector<std::string> lines;
  std::optional<ovpn::ExitStatus> status;
};

inline ovpn::LaunchOptions Shell(std::string script) {
  ovpn::LaunchOptions options;
  options.program = "/bin/sh";
  options.arguments = {"-c", std::move(script)};
  options.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  return options;
}

}  // namespace ovpnbroker::test
