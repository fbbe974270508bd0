// The management connection to one OpenVPN, kept up: connects with backoff, logs in, prepares the
// session, then carries messages up and commands down until it is lost, and starts again. Owned by
// the instance; loop thread only.
#pragma once

#include <asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "ovpn/base/backoff.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/deadline_timer.h"
#include "ovpn/base/log.h"
#include "ovpn/base/secret.h"
#include "ovpn/management/command.h"
#include "ovpn/management/connection_handler.h"
#include "ovpn/management/link.h"
#include "ovpn/management/management_address.h"
#include "ovpn/management/reply_queue.h"
#include "ovpn/management/unknown_notifications.h"

namespace ovpnbroker::ovpn {

class Connection final : private Link::Owner {
 public:
  // Notifications that may come between the greeting and ready.
  static constexpr size_t kMaxEarlyMessages = 4096;

  struct Options {
    std::string instance;  // for logs
    ManagementAddress address;
    std::optional<Secret> password = std::nullopt;  // of the socket
    Backoff::Options backoff{std::chrono::milliseconds(100), std::chrono::seconds(5)};
    Duration start_timeout = std::chrono::seconds(10);  // from connect to ready
    Duration reply_timeout = std::chrono::seconds(10);  // from Send to the (next) reply line
    size_t max_output_bytes = 1024 * 1024;              // not yet taken by OpenVPN
    std::chrono::seconds bytecount_interval{10};        // 0: off
  };

  struct Request {
    Command command;
    ReplyCallback on_reply;
  };

  // `loop`, `handler` and `logger` outlive the connection.
  Connection(asio::io_context& loop, Options options, ConnectionHandler& handler, Logger& logger);
  // Calls nobody: neither OnLost nor a callback.
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Begins to connect; no effect while it runs.
  void Start();
  // Closes and stays closed. Callbacks of unanswered commands get UNAVAILABLE; no OnLost.
  void Stop();
  bool ready() const { return state_ == State::kReady; }

  void Send(Command command, ReplyCallback on_reply);
  // Several commands in one write, so that OpenVPN reads nothing in between.
  void SendTogether(std::vector<Request> requests);

  // Notifications that this broker does not know, since the connection was made; survives
  // reconnects.
  const UnknownNotifications& unknown_notifications() const { return unknown_; }

 private:
  enum class State {
    kStopped,
    kWaiting,    // for the next attempt
    kLoggingIn,  // from connect to the greeting
    kPreparing,  // until the last reply of the preparation
    kReady,
  };

  // Link::Owner
  void OnLinkConnected() override;
  void OnLinkMessage(Message&& message) override;
  void OnLinkClosed(const absl::Status& status) override;

  // From connect to ready; connection_start.cc.
  void Connect();
  void OnLoginMessage(Message&& message);
  void AnswerPasswordPrompt();
  void Prepare(const Info& info);
  void OnPreparationReply(const std::string& command, const Reply& reply);
  void OnVersionReply(const Reply& reply);
  void BecomeReady();
  void KeepEarly(Message&& message);

  void Submit(std::vector<Request> requests);
  void Deliver(Message&& message);
  void OnReplyLine(std::string line);
  void OnDeadline();
  void ArmDeadline();
  void Lose(const absl::Status& reason);
  void LogLoss(const absl::Status& reason);
  void DropLink();
  // Calls back in the next loop turn.
  void PostFailure(std::vector<ReplyCallback> callbacks, absl::Status status);

  asio::io_context& loop_;
  Options options_;
  ConnectionHandler& handler_;
  Logger& logger_;
  State state_ = State::kStopped;
  Backoff backoff_;
  DeadlineTimer timer_;
  SteadyTime wake_time_;  // of the next attempt, or when the start has taken too long
  ReplyQueue replies_;
  std::shared_ptr<Link> link_;
  UnknownNotifications unknown_;

  bool password_sent_ = false;
  Greeting greeting_;
  absl::Status preparation_error_;
  std::vector<Message> early_messages_;

  // Posted calls hold it weakly: they find out that the connection is gone.
  std::shared_ptr<const bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace ovpnbroker::ovpn
