// The part of Connection from connect to ready: password, greeting, preparation.
#include <string.h>

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "ovpn/management/connection.h"
#include "ovpn/management/decimal.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr absl::string_view kGreeting = "OpenVPN Management Interface Version ";
constexpr absl::string_view kPasswordAccepted = "SUCCESS: password is correct";
constexpr absl::string_view kVersionLine = "OpenVPN Version: ";

}  // namespace

void Connection::Connect() {
  password_sent_ = false;
  greeting_ = Greeting();
  preparation_error_ = absl::OkStatus();
  state_ = State::kLoggingIn;
  wake_time_ = std::chrono::steady_clock::now() + options_.start_timeout;
  ArmDeadline();
  Link::Owner& owner = *this;
  link_ = std::make_shared<Link>(loop_, owner);
  link_->Connect(options_.address.endpoint());
}

// OpenVPN speaks first: a prompt or the greeting.
void Connection::OnLinkConnected() {}

void Connection::OnLoginMessage(Message&& message) {
  if (std::holds_alternative<PasswordPrompt>(message)) return AnswerPasswordPrompt();
  if (const auto* info = std::get_if<Info>(&message)) return Prepare(*info);
  if (const auto* reply = std::get_if<ReplyLine>(&message)) {
    if (password_sent_ && reply->text == kPasswordAccepted) return;
    return Lose(
        absl::InternalError("what listens there does not speak OpenVPN's management "
                            "protocol"));
  }
  KeepEarly(std::move(message));
}

// OpenVPN answers a wrong password with nothing but the next prompt. Two more attempts would be
// possible and would fail alike.
void Connection::AnswerPasswordPrompt() {
  if (password_sent_) return Lose(absl::PermissionDeniedError("the password is wrong"));
  if (!options_.password.has_value()) {
    return Lose(absl::PermissionDeniedError("it asks for a password and none is configured"));
  }
  absl::StatusOr<Command> command = commands::Password(*options_.password);
  if (!command.ok()) return Lose(absl::PermissionDeniedError(command.status().message()));
  link_->Write(command->bytes);
  explicit_bzero(command->bytes.data(), command->bytes.size());
  password_sent_ = true;
}

void Connection::Prepare(const Info& info) {
  absl::string_view text = info.text;
  std::optional<int> version;
  if (absl::ConsumePrefix(&text, kGreeting)) {
    version = ParseDecimal<int>(text.substr(0, text.find(' ')));
  }
  if (!version) return Lose(absl::InternalError("the greeting is not OpenVPN's"));
  greeting_.management_version = *version;
  state_ = State::kPreparing;

  std::vector<Request> requests;
  for (Command command : {commands::EnvFilter(0), commands::StateOn(),
                          commands::ByteCount(options_.bytecount_interval)}) {
    const std::string name = command.name;
    requests.push_back({std::move(command), [this, name](const absl::StatusOr<Reply>& reply) {
                          if (reply.ok()) OnPreparationReply(name, *reply);
                        }});
  }
  requests.push_back({commands::Version(), [this](const absl::StatusOr<Reply>& reply) {
                        if (reply.ok()) OnVersionReply(*reply);
                      }});
  Submit(std::move(requests));
}

// An old OpenVPN may refuse one of these; its version, which comes last, tells it better.
void Connection::OnPreparationReply(const std::string& command, const Reply& reply) {
  if (reply.success || !preparation_error_.ok()) return;
  preparation_error_ =
      absl::FailedPreconditionError(absl::StrCat("it refuses ", command, ": ", reply.text));
}

void Connection::OnVersionReply(const Reply& reply) {
  for (const absl::string_view line : reply.lines) {
    absl::string_view text = line;
    if (absl::ConsumePrefix(&text, kVersionLine)) {
      greeting_.openvpn_version_text = std::string(text);
    }
  }
  const auto version = OpenvpnVersion::Parse(greeting_.openvpn_version_text);
  if (!version.ok()) {
    return Lose(absl::FailedPreconditionError("it does not tell its version"));
  }
  greeting_.openvpn_version = *version;
  if (*version < kOldestOpenvpn) {
    return Lose(absl::FailedPreconditionError(
        absl::StrCat("OpenVPN ", version->ToString(), " is too old, ", kOldestOpenvpn.ToString(),
                     " or newer is needed")));
  }
  if (!preparation_error_.ok()) return Lose(preparation_error_);
  BecomeReady();
}

void Connection::BecomeReady() {
  state_ = State::kReady;
  ArmDeadline();
  backoff_.Reset();
  logger_.Info("MANAGEMENT_READY", "the management connection is ready",
               {{"instance", options_.instance},
                {"address", options_.address.ToString()},
                {"openvpn", greeting_.openvpn_version.ToString()},
                {"management_version", greeting_.management_version}});
  std::vector<Message> early = std::exchange(early_messages_, {});
  const std::shared_ptr<Link> link = link_;
  handler_.OnReady(greeting_);
  for (Message& message : early) {
    if (link_ != link) return;  // the handler stopped the connection
    Deliver(std::move(message));
  }
}

void Connection::KeepEarly(Message&& message) {
  if (early_messages_.size() >= kMaxEarlyMessages) {
    return Lose(absl::ResourceExhaustedError("too many notifications before it was ready"));
  }
  early_messages_.push_back(std::move(message));
}

}  // namespace ovpnbroker::ovpn
