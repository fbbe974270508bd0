// What is made sure of before each spawn, so that OpenVPN neither fights another process nor
// unlinks what it should not: the socket directory is ours and closed to others, no foreign OpenVPN
// runs this configuration (it is ended), and nobody listens on the management socket (a stale one
// is removed, a live one is an error). Owned by an instance; loop thread only.
#pragma once

#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/log.h"

namespace ovpnbroker::ovpn {

struct PreflightRequest {
  std::string instance;     // for log lines
  std::string config_file;  // absolute path
  // Absolute path; its directory is made (0700) if it is missing. Empty: management over TCP.
  std::string management_socket;
  // Where OpenVPN will listen instead. A foreign listener there would be given our password.
  std::optional<asio::generic::stream_protocol::endpoint> management_tcp;
  Duration term_timeout = std::chrono::seconds(10);  // a foreign process, from SIGTERM to SIGKILL
  Duration kill_timeout = std::chrono::seconds(5);   // and from SIGKILL to giving up
};

class PreflightRun;

class Preflight {
 public:
  // `proc_root` is "/proc" but in tests. Both references outlive the object.
  Preflight(asio::io_context& loop, Logger& log, std::string proc_root = "/proc");
  ~Preflight();  // ends a run without calling back; a foreign process that got SIGTERM keeps it
  Preflight(const Preflight&) = delete;
  Preflight& operator=(const Preflight&) = delete;

  // Runs all checks; `done` is called once, from the loop and never from inside Run. Only one run
  // at a time. FAILED_PRECONDITION: somebody has to change something (a live foreign listener, a
  // file in the socket's place, a directory with a wrong mode). Every message says what and where.
  void Run(PreflightRequest request, std::function<void(absl::Status)> done);

 private:
  asio::io_context& loop_;
  Logger& log_;
  std::string proc_root_;
  std::shared_ptr<PreflightRun> run_;
};

}  // namespace ovpnbroker::ovpn
