// One OpenVPN server under the broker's care: its child process, its management connection and its
// sessions, tied into one state machine.
//
//   STOPPED --Start--> STARTING --management up, >HOLD--> HOLDING --hold release, CONNECTED-->
//   RUNNING RUNNING --SIGUSR1, SIGHUP--> HOLDING (a new epoch) any with a child --child exits-->
//   BACKOFF --delay--> STARTING, or FAILED after too many deaths any --Stop--> STOPPING --child
//   gone--> STOPPED; RUNNING --Detach--> DETACHED --Attach--> STARTING
//
// A lost management connection does not change the state: the child serves on, and nobody new gets
// in until it is back. Owned by InstanceSet; loop thread only.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/deadline_timer.h"
#include "ovpn/base/log.h"
#include "ovpn/instance/command_channel.h"
#include "ovpn/instance/instance_config.h"
#include "ovpn/instance/instance_sink.h"
#include "ovpn/instance/passthrough.h"
#include "ovpn/instance/passthrough_listener.h"
#include "ovpn/instance/sessions.h"
#include "ovpn/management/connection.h"
#include "ovpn/process/file_lock.h"
#include "ovpn/process/launcher.h"
#include "ovpn/process/preflight.h"
#include "ovpn/process/restart_policy.h"
#include "ovpn/process/stop_sequence.h"

namespace ovpnbroker::ovpn {

class Instance final : private ConnectionHandler, private ChildObserver, private CommandChannel {
 public:
  // What operators see besides the sessions.
  struct Snapshot {
    InstanceState state = InstanceState::kStopped;
    std::string detail;  // why it is in this state; may be empty
    WallTime state_change_time;
    pid_t pid = 0;  // 0: no child
    uint64_t restarts = 0;
    std::string openvpn_version;
    bool management_ready = false;
    uint64_t management_connects = 0;
    uint64_t management_losses = 0;  // while it was wanted
  };

  // All references outlive the instance. `management_password` is that of the socket, if it has
  // one.
  Instance(asio::io_context& loop, const Clock& clock, InstanceConfig config,
           DirectivePolicy allowed_raw, std::optional<Secret> management_password,
           Launcher& launcher, InstanceSink& sink, Logger& logger);
  // Leaves a child that runs alone; see ChildProcess.
  ~Instance() override;
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  const InstanceConfig& config() const { return config_; }
  Snapshot snapshot() const;
  Sessions& sessions() { return sessions_; }
  const Sessions& sessions() const { return sessions_; }
  // Null: the instance has no pass-through socket.
  const Passthrough* passthrough() const { return passthrough_.get(); }
  const UnknownNotifications& unknown_notifications() const {
    return connection_.unknown_notifications();
  }

  // Starts the child, unless it is started or starting already. Old deaths are forgotten.
  void Start();
  // Ends the child and stays STOPPED. `stopped` is called once there is none, perhaps before Stop
  // returns. `grace` is what a child gets between SIGTERM and SIGKILL, instead of the configured
  // time.
  void Stop(std::function<void()> stopped, std::optional<Duration> grace = std::nullopt);
  // OpenVPN restarts its tunnel (SIGUSR1). FAILED_PRECONDITION unless RUNNING.
  absl::Status SoftRestart();
  // Lets go of the management connection and leaves the child and its sessions as they are.
  // FAILED_PRECONDITION unless RUNNING.
  absl::Status Detach();
  // Takes a child over that runs: the one that was detached, or one of an earlier broker. NOT_FOUND
  // when there is none; FAILED_PRECONDITION unless DETACHED, STOPPED or FAILED.
  absl::Status Attach();
  // Options that count from the next answer on.
  void SetAnswerOptions(bool prompt_verdict, AddressMismatch address_mismatch) {
    config_.prompt_verdict = prompt_verdict;
    config_.address_mismatch = address_mismatch;
  }
  // Opens the pass-through socket, if there is to be one, for as long as the instance is there.
  // Once, before Start. An error names the socket and what is in the way.
  absl::Status OpenPassthrough();

 private:
  // ConnectionHandler
  void OnReady(const Greeting& greeting) override;
  void OnMessage(Message&& message) override;
  void OnLost(const absl::Status& status) override;
  // ChildObserver
  void OnChildOutput(absl::string_view line) override;
  void OnChildExit(const ExitStatus& status) override;
  // CommandChannel
  bool ready() const override { return connection_.ready(); }
  void Send(std::vector<Connection::Request> requests) override {
    connection_.SendTogether(std::move(requests));
  }

  void BeginStart();
  LaunchOptions MakeLaunchOptions() const;
  bool TryAdopt();
  void RunPreflight();
  void Launch();
  void Watch(std::unique_ptr<ChildProcess> child);
  void OnStartFailed(const absl::Status& status);
  void Apply(const RestartDecision& decision, absl::string_view what);
  void OnHold();
  void AskWhetherConnected();
  void OnStateChange(const StateChange& change);
  void EndChild();
  // The child is of no use: ends it, and FAILED is what follows.
  void GiveUp(const std::string& reason);
  void OnDeadline();
  void SetState(InstanceState state, std::string detail = "");
  void Finish(InstanceState state, std::string detail);

  asio::io_context& loop_;
  const Clock& clock_;
  InstanceConfig config_;
  Launcher& launcher_;
  InstanceSink& sink_;
  Logger& logger_;

  InstanceState state_ = InstanceState::kStopped;
  std::string detail_;
  WallTime state_change_time_;
  uint64_t restarts_ = 0;
  uint64_t management_connects_ = 0;
  uint64_t management_losses_ = 0;
  std::string openvpn_version_;
  bool hold_released_ = false;          // in this tunnel run
  bool adopted_ = false;                // the child, from an earlier broker
  bool attaching_ = false;              // a child that was detached
  bool seen_ready_ = false;             // by this child
  bool unreachable_ = false;            // this child, which is ended for it
  std::optional<std::string> give_up_;  // FAILED, for this reason, when the child has ended
  std::vector<std::function<void()>> stopped_;

  Sessions sessions_;
  std::unique_ptr<Passthrough> passthrough_;  // null: none is configured
  std::unique_ptr<PassthroughListener> passthrough_listener_;
  Connection connection_;                 // after those whose callbacks it holds
  std::unique_ptr<Preflight> preflight_;  // of the start under way
  RestartPolicy restart_policy_;
  StopSequence stop_sequence_;
  std::optional<FileLock> lock_;
  std::unique_ptr<ChildProcess> child_;
  // STARTING: the management connection must be up; BACKOFF: start again; while a child ends:
  // SIGKILL.
  DeadlineTimer timer_;
};

}  // namespace ovpnbroker::ovpn
