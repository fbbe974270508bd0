// Hears from one running child: reads its output, waits for its end, reaps it. Keeps itself alive
// by its pending operations until the child has ended, so that a child whose owner is gone is still
// drained and reaped. Loop thread only.
#pragma once

#include <array>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "ovpn/base/unique_fd.h"
#include "ovpn/process/launcher.h"
#include "ovpn/process/line_splitter.h"
#include "ovpn/process/spawn.h"

namespace ovpnbroker::ovpn {

class ChildWatch : public std::enable_shared_from_this<ChildWatch> {
 public:
  ChildWatch(asio::io_context& loop, ChildObserver& observer);

  // Begins to watch and takes the descriptors. After an error the caller discards the process.
  absl::Status Start(SpawnedProcess& process);
  // No callback is made from now on.
  void Detach() { observer_ = nullptr; }
  absl::Status Signal(int signal);

 private:
  void WaitForEnd();
  void AwaitOutput();
  void PauseOutput();
  void ReadOutput();
  void OnOutputClosed();
  void ReportLine(absl::string_view line);
  void ReportExitWhenComplete();

  ChildObserver* observer_;  // null once detached or told of the exit
  asio::posix::stream_descriptor pidfd_;
  // The output's descriptor is in the one while lines are awaited, and in the other between.
  asio::posix::stream_descriptor awaited_output_;
  UniqueFd output_;
  asio::steady_timer pause_;
  asio::steady_timer grace_;
  std::array<char, 8192> buffer_;
  LineSplitter splitter_;
  bool output_open_ = true;
  std::optional<ExitStatus> status_;  // set once the process was reaped
};

}  // namespace ovpnbroker::ovpn
