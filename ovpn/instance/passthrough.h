// The management protocol for many tools at once over the one connection that the broker holds:
// their questions go through one after the other, and each is told what it asked to be told. What
// decides, kills or changes is refused (tool_command.h). A state machine without sockets; its shell
// is PassthroughListener. Owned by the instance; loop thread only.
//
// The broker's own commands come first: at most one question of all tools is with OpenVPN at a
// time, so none of the broker's ever waits behind more than that one.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/log.h"
#include "ovpn/instance/command_channel.h"
#include "ovpn/instance/passthrough_config.h"
#include "ovpn/instance/passthrough_counters.h"
#include "ovpn/instance/tool.h"
#include "ovpn/management/connection_handler.h"

namespace ovpnbroker::ovpn {

class Passthrough {
 public:
  // The least time between two `status` commands to OpenVPN. Whoever asks in between waits for it,
  // and all that wait share one reply.
  static constexpr std::chrono::milliseconds kStatusInterval{200};
  // A tool's next command waits while more than this has not been read of its replies.
  static constexpr size_t kPauseBytes = 32 * 1024;

  // With a higher verb, OpenVPN logs that it writes, and so about each line of its log that it
  // notifies: it would come to nothing else, and the broker could not decide.
  static constexpr int kMaxLogVerbosity = 6;

  using DeadlineListener = std::function<void(std::optional<SteadyTime>)>;

  // `own` is what the broker has OpenVPN notify anyway. All references outlive this.
  Passthrough(std::string instance, PassthroughConfig config, Subscriptions own,
              CommandChannel& channel, const Clock& clock, Logger& logger);
  // Closes all ports.
  ~Passthrough();
  Passthrough(const Passthrough&) = delete;
  Passthrough& operator=(const Passthrough&) = delete;

  // Told the time of the next OnDeadline whenever it changes.
  void SetDeadlineListener(DeadlineListener listener) { on_deadline_ = std::move(listener); }
  void OnDeadline();

  // From the shell. Add greets; nullopt: there are too many, it was told so and closed.
  std::optional<uint64_t> Add(const std::shared_ptr<ToolPort>& port, absl::string_view peer);
  void OnInput(uint64_t id, absl::string_view bytes);
  void OnInputEnd(uint64_t id);
  // Some of what waited was taken.
  void OnWritten(uint64_t id);
  // Its socket failed.
  void OnGone(uint64_t id);

  // From the instance.
  void OnReady(const Greeting& greeting);
  void OnMessage(const Message& message);

  size_t size() const { return tools_.size(); }
  const PassthroughCounters& counters() const { return counters_; }

 private:
  Tool* Find(uint64_t id);
  // Closes the port behind all that was written, and forgets the tool.
  void Leave(uint64_t id);
  void Forget(uint64_t id);
  void Cut(uint64_t id);
  void NoteEpoch(const Message& message);

  // passthrough_commands.cc: from a line to its reply.
  void Run(uint64_t id);
  bool MayBegin(Tool& tool) const;
  void Begin(Tool& tool);
  void NoteRefused(Tool& tool, const std::string& command);
  void Advance(Tool& tool);
  bool DoWithoutAsking(Tool& tool, const ToolStep& step);
  void Finish(Tool& tool);
  void Answer(Tool& tool, std::string text);
  std::string NotConnectedText() const;

  // passthrough_questions.cc: what is asked of OpenVPN.
  void Pump();
  void AskStatus();
  void Ask(Tool& tool);
  void OnAnswer(uint64_t id, bool multi_line, const absl::StatusOr<Reply>& reply);
  void OnStatusAnswer(const std::vector<uint64_t>& ids, const absl::StatusOr<Reply>& reply);
  // The step that OpenVPN was asked for is done; `failed`: the command ends with it.
  void Complete(uint64_t id, const std::string& text, bool failed);
  bool IsStatus(uint64_t id);

  // What all tools and the broker want together.
  Subscriptions Union() const;
  // Has OpenVPN notify that, and no more.
  void Reconcile();
  void Rearm();

  const std::string instance_;
  const PassthroughConfig config_;
  const Subscriptions own_;
  CommandChannel& channel_;
  const Clock& clock_;
  Logger& logger_;
  DeadlineListener on_deadline_;

  PassthroughCounters counters_;
  std::map<uint64_t, Tool> tools_;
  uint64_t next_id_ = 1;
  std::deque<uint64_t> waiting_;  // tools whose next step is OpenVPN's, in the order they asked
  bool asking_ = false;           // a question of a tool is with OpenVPN
  SteadyTime next_status_;        // not before
  Subscriptions upstream_;        // as OpenVPN was told last
  // Of the last connection.
  int management_version_ = 5;
  std::string title_ = "OpenVPN";
};

}  // namespace ovpnbroker::ovpn
