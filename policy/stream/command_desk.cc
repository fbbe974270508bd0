#include "policy/stream/command_desk.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/session_access.h"
#include "policy/stream/status_codec.h"

namespace ovpnbroker::policy {
namespace {

using google::rpc::Status;

Status Ok() { return {}; }

Status Invalid(absl::string_view field, absl::string_view description) {
  return MakeFieldStatus("COMMAND_INVALID", "the command was refused",
                         {{std::string(field), std::string(description)}});
}

// The reason goes to the client's program and to the log as it is.
bool IsPrintable(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

}  // namespace

CommandDesk::CommandDesk(const StreamPolicyOptions& options, const ovpn::Clock& clock,
                         ovpn::Logger& logger)
    : options_(options),
      clock_(clock),
      logger_(logger),
      bucket_(options.command_rate, options.command_burst, clock.Now()) {}

void CommandDesk::Execute(const v1::Command& command, const std::string& replica, Answer answer) {
  const std::string& id = command.command_id();
  ForgetOld();
  if (const auto known = entries_.find(id); known != entries_.end()) {
    if (known->second.done) return answer(Ok());
    known->second.waiting.push_back(std::move(answer));
    return;
  }
  if (const std::optional<Status> refused = Check(command)) {
    Log(command, replica, *refused);
    return answer(*refused);
  }
  const v1::KillSession& kill = command.kill_session();
  if (const std::optional<Status> known = Resolve(kill.session_uid())) {
    if (known->code() == google::rpc::OK) Remember(id);
    Log(command, replica, *known);
    return answer(*known);
  }
  entries_[id].waiting.push_back(std::move(answer));
  Log(command, replica, Ok());
  options_.sessions->KillSession(
      kill.session_uid(), kill.disposition() == v1::KillSession::DISPOSITION_HALT, kill.reason(),
      [desk = std::weak_ptr<CommandDesk*>(self_), id](const absl::Status& status) {
        if (const auto alive = desk.lock()) (*alive)->OnEnded(id, status);
      });
}

std::optional<Status> CommandDesk::Check(const v1::Command& command) {
  const ovpn::SteadyTime now = clock_.Now();
  if (!bucket_.Take(now)) return MakeRetryStatus(bucket_.Wait(now));
  limited_ = false;
  if (command.command_id().empty() ||
      command.command_id().size() > StreamLimits::kMaxCommandIdBytes) {
    return Invalid("command_id",
                   absl::StrCat("must have 1 to ", StreamLimits::kMaxCommandIdBytes, " bytes"));
  }
  if (!command.has_kill_session()) {
    return MakeStatus(google::rpc::UNIMPLEMENTED, "ACTION_UNKNOWN",
                      "this broker does not know the command's action");
  }
  const v1::KillSession& kill = command.kill_session();
  if (kill.session_uid().empty()) return Invalid("kill_session.session_uid", "is required");
  if (kill.reason().empty() || kill.reason().size() > StreamLimits::kMaxReasonBytes ||
      !IsPrintable(kill.reason())) {
    return Invalid("kill_session.reason",
                   absl::StrCat("must be 1 to ", StreamLimits::kMaxReasonBytes,
                                " characters of printable ASCII"));
  }
  if (!v1::KillSession::Disposition_IsValid(kill.disposition()))
    return Invalid("kill_session.disposition", "is not known to this broker");
  return std::nullopt;
}

// What can be said without a kill; nullopt: the session lives and is this policy's.
std::optional<Status> CommandDesk::Resolve(const ovpn::SessionUid& uid) const {
  const std::optional<ovpn::Session> live = options_.sessions->FindSession(uid);
  const std::string* instance =
      live.has_value() ? &live->client.instance : options_.sessions->journal().InstanceOfEnded(uid);
  if (instance == nullptr)
    return MakeStatus(google::rpc::NOT_FOUND, "SESSION_NOT_FOUND", "there is no such session");
  if (!options_.instances.contains(*instance)) {
    return MakeStatus(google::rpc::PERMISSION_DENIED, "INSTANCE_NOT_GOVERNED",
                      "the session's instance is not judged by this policy");
  }
  if (!live.has_value()) return Ok();
  return std::nullopt;
}

void CommandDesk::OnEnded(const std::string& command_id, const absl::Status& status) {
  std::vector<Answer> waiting = std::move(entries_[command_id].waiting);
  Status answer = Ok();
  if (status.ok()) {
    Remember(command_id);
  } else {
    entries_.erase(command_id);
    answer = MakeStatus(google::rpc::UNAVAILABLE, "KILL_FAILED", status.message());
    logger_.Warning(
        "POLICY_COMMAND_FAILED", "OpenVPN did not take a policy's command",
        {{"policy", options_.name}, {"command", command_id}, {"status", status.ToString()}});
  }
  for (const Answer& each : waiting) each(answer);
}

void CommandDesk::Remember(const std::string& command_id) {
  Entry& entry = entries_[command_id];
  entry.done = true;
  entry.waiting.clear();
  order_.emplace_back(clock_.Now(), command_id);
  ForgetOld();
}

void CommandDesk::ForgetOld() {
  const ovpn::SteadyTime oldest = clock_.Now() - StreamLimits::kCommandMemory;
  while (!order_.empty() &&
         (order_.size() > StreamLimits::kMaxRememberedCommands || order_.front().first < oldest)) {
    entries_.erase(order_.front().second);
    order_.pop_front();
  }
}

void CommandDesk::Log(const v1::Command& command, const std::string& replica,
                      const Status& status) {
  const std::vector<ovpn::LogField> fields = {{"policy", options_.name},
                                              {"replica", replica},
                                              {"command", command.command_id()},
                                              {"session", command.kill_session().session_uid()},
                                              {"reason", command.kill_session().reason()},
                                              {"result", google::rpc::Code_Name(status.code())}};
  if (status.code() == google::rpc::OK) {
    logger_.Write(ovpn::LogLevel::kInfo, "POLICY_COMMAND", "a policy ends a session", fields);
  } else if (status.code() != google::rpc::RESOURCE_EXHAUSTED) {
    logger_.Write(ovpn::LogLevel::kWarning, "POLICY_COMMAND_REFUSED",
                  "a policy's command was refused", fields);
  } else if (!std::exchange(limited_, true)) {
    logger_.Write(ovpn::LogLevel::kWarning, "POLICY_COMMANDS_LIMITED",
                  "a policy sends more commands than it may; the excess is refused", fields);
  }
}

}  // namespace ovpnbroker::policy
