// Ends one process that is not our child: SIGTERM, then SIGKILL, through a pidfd, so that no signal
// can reach a process that took over the pid. Owned by a preflight run; loop thread only.
#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/deadline_timer.h"
#include "ovpn/base/log.h"
#include "ovpn/process/process_table.h"
#include "ovpn/process/stop_sequence.h"

namespace ovpnbroker::ovpn {

struct EndTimeouts {
  Duration term;  // from SIGTERM to SIGKILL
  Duration kill;  // from SIGKILL to giving up
};

class ProcessEnder {
 public:
  // `table` checks that the pid still names the process that was found. References outlive the
  // object.
  ProcessEnder(asio::io_context& loop, Logger& log, const ProcessTable& table,
               EndTimeouts timeouts);
  ~ProcessEnder();  // stops waiting; `done` is not called
  ProcessEnder(const ProcessEnder&) = delete;
  ProcessEnder& operator=(const ProcessEnder&) = delete;

  // Once per object. `done` is called once from the loop, never from inside End: OK when the
  // process is gone (or was gone before), PERMISSION_DENIED when it may not be signalled,
  // DEADLINE_EXCEEDED when it outlives SIGKILL (it hangs in the kernel).
  void End(const ForeignProcess& process, std::function<void(absl::Status)> done);

 private:
  absl::Status OpenPidfd();
  absl::Status Send(int signal);
  void OnDeadline();
  void Finish(absl::Status status);

  Logger& log_;
  const ProcessTable& table_;
  EndTimeouts timeouts_;
  ForeignProcess process_;
  std::function<void(absl::Status)> done_;
  asio::posix::stream_descriptor pidfd_;
  StopSequence stop_;
  DeadlineTimer timer_;
  // Completions that are still queued when the object goes find this expired.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace ovpnbroker::ovpn
