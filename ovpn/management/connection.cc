#include "ovpn/management/connection.h"

#include <string.h>

#include <asio/post.hpp>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"

namespace ovpnbroker::ovpn {
namespace {

SteadyTime Now() { return std::chrono::steady_clock::now(); }

bool IsFinal(const absl::Status& status) {
  return absl::IsPermissionDenied(status) || absl::IsFailedPrecondition(status);
}

}  // namespace

Connection::Connection(asio::io_context& loop, Options options, ConnectionHandler& handler,
                       Logger& logger)
    : loop_(loop),
      options_(std::move(options)),
      handler_(handler),
      logger_(logger),
      backoff_(options_.backoff),
      timer_(loop, [this] { OnDeadline(); }),
      replies_(options_.reply_timeout) {}

Connection::~Connection() { DropLink(); }

void Connection::Start() {
  if (state_ != State::kStopped) return;
  backoff_.Reset();
  Connect();
}

void Connection::Stop() {
  if (state_ == State::kStopped) return;
  DropLink();
  early_messages_.clear();
  state_ = State::kStopped;
  ArmDeadline();
  PostFailure(replies_.TakeAll(), absl::UnavailableError("the management connection was stopped"));
}

void Connection::Send(Command command, ReplyCallback on_reply) {
  std::vector<Request> requests;
  requests.push_back({std::move(command), std::move(on_reply)});
  SendTogether(std::move(requests));
}

void Connection::SendTogether(std::vector<Request> requests) {
  size_t size = 0;
  for (const Request& request : requests) size += request.command.bytes.size();

  absl::Status refusal;
  if (state_ != State::kReady) {
    refusal = absl::UnavailableError("there is no management connection");
  } else if (link_->waiting_bytes() + size > options_.max_output_bytes) {
    refusal = absl::ResourceExhaustedError("too many commands wait for OpenVPN to read them");
    logger_.Warning("MANAGEMENT_OUTPUT_FULL", "OpenVPN does not read its commands; one is refused",
                    {{"instance", options_.instance}, {"waiting_bytes", link_->waiting_bytes()}});
  }
  if (refusal.ok()) {
    Submit(std::move(requests));
    return;
  }
  std::vector<ReplyCallback> callbacks;
  callbacks.reserve(requests.size());
  for (Request& request : requests) callbacks.push_back(std::move(request.on_reply));
  PostFailure(std::move(callbacks), std::move(refusal));
}

void Connection::Submit(std::vector<Request> requests) {
  std::string block;
  for (const Request& request : requests) block.append(request.command.bytes);
  link_->Write(block);
  explicit_bzero(block.data(), block.size());
  for (Request& request : requests) {
    Command& command = request.command;
    explicit_bzero(command.bytes.data(), command.bytes.size());
    replies_.Expect(std::move(command.name), command.multi_line_reply, std::move(request.on_reply),
                    Now());
  }
  ArmDeadline();
}

void Connection::OnLinkMessage(Message&& message) {
  switch (state_) {
    case State::kStopped:
    case State::kWaiting:
      return;
    case State::kLoggingIn:
      return OnLoginMessage(std::move(message));
    case State::kPreparing:
    case State::kReady:
      if (auto* reply = std::get_if<ReplyLine>(&message)) {
        return OnReplyLine(std::move(reply->text));
      }
      if (state_ == State::kPreparing) return KeepEarly(std::move(message));
      return Deliver(std::move(message));
  }
}

void Connection::Deliver(Message&& message) {
  if (const auto* unknown = std::get_if<UnknownNotification>(&message)) {
    if (unknown_.Record(*unknown)) {
      logger_.Info(
          "MANAGEMENT_UNKNOWN_NOTIFICATION",
          "OpenVPN sends a notification that this version does not know",
          {{"instance", options_.instance}, {"name", unknown->name}, {"sample", unknown->sample}});
    }
  } else if (const auto* error = std::get_if<ProtocolError>(&message)) {
    logger_.Warning("MANAGEMENT_PROTOCOL_ERROR",
                    "OpenVPN sent what it should not send; it was dropped",
                    {{"instance", options_.instance}, {"what", error->what}});
  }
  handler_.OnMessage(std::move(message));
}

void Connection::OnReplyLine(std::string line) {
  auto completed = replies_.OnLine(std::move(line), Now());
  if (!completed.ok()) return Lose(completed.status());
  ArmDeadline();
  if (!completed->has_value()) return;
  ReplyQueue::Completed& done = **completed;
  if (!done.reply.success) {
    logger_.Warning(
        "MANAGEMENT_COMMAND_ERROR", "OpenVPN refused a command",
        {{"instance", options_.instance}, {"command", done.name}, {"error", done.reply.text}});
  }
  done.callback(std::move(done.reply));
}

void Connection::OnLinkClosed(const absl::Status& status) { Lose(status); }

void Connection::ArmDeadline() {
  switch (state_) {
    case State::kStopped:
      return timer_.Arm(std::nullopt);
    case State::kWaiting:
    case State::kLoggingIn:
    case State::kPreparing:
      return timer_.Arm(wake_time_);
    case State::kReady:
      return timer_.Arm(replies_.NextDeadline());
  }
}

void Connection::OnDeadline() {
  switch (state_) {
    case State::kStopped:
      return;
    case State::kWaiting:
      return Connect();
    case State::kLoggingIn:
    case State::kPreparing:
      return Lose(absl::DeadlineExceededError(
          "no answer while the connection was prepared; OpenVPN serves one controller at a time, "
          "another one may be attached"));
    case State::kReady:
      return Lose(absl::DeadlineExceededError(
          absl::StrCat("no reply to ", replies_.OldestName(), " in time")));
  }
}

// After a reply that is missing or belongs to nothing, no later reply can be trusted: the way out
// is always a new connection.
void Connection::Lose(const absl::Status& reason) {
  const bool was_ready = state_ == State::kReady;
  const bool final = IsFinal(reason);
  LogLoss(reason);
  DropLink();
  early_messages_.clear();
  std::vector<ReplyCallback> callbacks = replies_.TakeAll();
  wake_time_ = Now() + backoff_.Next();
  const State next = final ? State::kStopped : State::kWaiting;
  state_ = next;
  ArmDeadline();

  const absl::Status unavailable = absl::UnavailableError(
      absl::StrCat("the management connection was lost: ", reason.message()));
  bool oldest = true;
  for (const ReplyCallback& callback : callbacks) {
    callback(oldest && absl::IsDeadlineExceeded(reason) ? reason : unavailable);
    oldest = false;
  }
  if (state_ != next) return;  // a callback stopped or started it
  if (was_ready || final) handler_.OnLost(final ? reason : unavailable);
}

void Connection::LogLoss(const absl::Status& reason) {
  const std::initializer_list<LogField> fields = {{"instance", options_.instance},
                                                  {"address", options_.address.ToString()},
                                                  {"reason", reason.message()}};
  if (absl::IsPermissionDenied(reason)) {
    logger_.Error("MANAGEMENT_LOGIN_FAILED", "OpenVPN's management socket refuses the broker",
                  fields);
  } else if (absl::IsFailedPrecondition(reason)) {
    logger_.Error("MANAGEMENT_UNSUPPORTED", "the broker cannot work with this OpenVPN", fields);
  } else if (absl::IsNotFound(reason)) {
    logger_.Debug("MANAGEMENT_CONNECT_RETRY", "nobody listens on the management socket yet",
                  fields);
  } else if (state_ == State::kReady) {
    logger_.Warning("MANAGEMENT_LOST", "the management connection was lost", fields);
  } else {
    logger_.Warning("MANAGEMENT_CONNECT_FAILED", "the management connection was not made", fields);
  }
}

void Connection::DropLink() {
  if (link_ != nullptr) link_->Close();
  link_.reset();
}

void Connection::PostFailure(std::vector<ReplyCallback> callbacks, absl::Status status) {
  if (callbacks.empty()) return;
  asio::post(loop_, [alive = std::weak_ptr<const bool>(alive_), callbacks = std::move(callbacks),
                     status = std::move(status)] {
    for (const ReplyCallback& callback : callbacks) {
      if (alive.expired()) return;
      callback(status);
    }
  });
}

}  // namespace ovpnbroker::ovpn
