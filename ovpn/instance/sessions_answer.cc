// Sessions: what is written to OpenVPN about clients, and what OpenVPN replies.
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/instance/further_step.h"
#include "ovpn/instance/sessions.h"
#include "ovpn/management/shown_lines.h"

namespace ovpnbroker::ovpn {
namespace {

// The one command that carries the answer, and for an allow the addresses that must come of it.
struct CompiledAnswer {
  Command command;
  std::vector<IntendedAddress> wanted;
};

AnswerReceipt Queued(const std::vector<Command>& commands,
                     const std::vector<IntendedAddress>& wanted) {
  AnswerReceipt receipt;
  receipt.lines = ShownLines(commands);
  for (const IntendedAddress& address : wanted) {
    if (address.primary) receipt.wanted_addresses.push_back(address.address);
  }
  return receipt;
}

std::vector<FieldViolation> AsViolations(const absl::Status& status) {
  return {{"", std::string(status.message())}};
}

Checked<CompiledAnswer> CompileAllow(const KeyRef& key, const Allow& allow, bool reauth,
                                     const DirectivePolicy& allowed_raw) {
  const Cid cid = key.client.cid;
  // OpenVPN parses a block at REAUTH and ignores it, so it is checked like any other and not sent.
  Checked<ClientAuthBlock> block = ClientAuthBlock::Compile(allow.config, allowed_raw);
  if (!block.ok()) return block.violations();
  absl::StatusOr<Command> command = reauth || block.value().empty()
                                        ? commands::ClientAuthNt(cid, key.kid)
                                        : commands::ClientAuth(cid, key.kid, block.value());
  if (!command.ok()) return AsViolations(command.status());
  return CompiledAnswer{*std::move(command), block.value().intended_addresses()};
}

Checked<CompiledAnswer> CompileDeny(const KeyRef& key, const Deny& deny,
                                    absl::string_view username) {
  Checked<Command> command = commands::ClientDeny(key.client.cid, key.kid, deny, username);
  if (!command.ok()) return command.violations();
  return CompiledAnswer{command.TakeValue(), {}};
}

}  // namespace

AnswerReceipt Sessions::Answer(const KeyRef& key, const Verdict& answer,
                               const AnswerOrigin& origin) {
  using Status = AnswerReceipt::Status;
  SessionEntry* entry = key.client.epoch == epoch_ ? table_.Find(key.client.cid) : nullptr;
  if (entry == nullptr || entry->pending_kid != key.kid) return {.status = Status::kGone};

  if (const auto* step = std::get_if<PendingAuth>(&answer)) {
    return AnswerPending(*entry, key, *step, origin);
  }
  const bool reauth = entry->pending_reauth;
  const Allow* allow = std::get_if<Allow>(&answer);
  const Deny* deny = std::get_if<Deny>(&answer);
  if (allow == nullptr && deny == nullptr) {
    return {Status::kRejected, {{"", "only an allow or a deny can be written"}}};
  }
  Checked<CompiledAnswer> compiled =
      allow != nullptr ? CompileAllow(key, *allow, reauth, allowed_raw_)
                       : CompileDeny(key, *deny, entry->session.identity->username);
  if (!compiled.ok()) return {Status::kRejected, compiled.violations()};

  CompiledAnswer content = compiled.TakeValue();
  UnwrittenAnswer unwritten{key, {}};
  unwritten.commands.push_back(std::move(content.command));
  if (config_.prompt_verdict && entry->session.identity->SupportsAuthPending()) {
    absl::StatusOr<Command> kick =
        commands::PromptKick(key.client.cid, key.kid, config_.hand_window);
    if (kick.ok()) unwritten.commands.push_back(*std::move(kick));
  }

  AnswerReceipt receipt = Queued(unwritten.commands, content.wanted);
  entry->pending_kid.reset();
  entry->awaits_response = false;
  entry->session.policy = origin.policy;
  entry->session.last_decision_id = origin.decision_id;
  if (deny != nullptr) {
    table_.SetState(*entry, SessionState::kEnding);
    entry->session.end_reason =
        absl::StrCat("denied", reauth ? " at REAUTH: " : ": ", deny->reason);
  } else if (!reauth) {
    table_.SetState(*entry, SessionState::kAuthorized);
    entry->allowed_kid = key.kid;
    entry->wanted_addresses = std::move(content.wanted);
  } else if (entry->session.state == SessionState::kUnjudged) {
    table_.SetState(*entry, SessionState::kEstablished);
  }
  const SessionChange change = deny != nullptr ? SessionChange::kEnding
                               : reauth        ? SessionChange::kReauthenticated
                                               : SessionChange::kAuthorized;
  Write(std::move(unwritten));
  Changed(*entry, change);
  return receipt;
}

// A further step for the client: the key goes on waiting.
AnswerReceipt Sessions::AnswerPending(SessionEntry& entry, const KeyRef& key,
                                      const PendingAuth& step, const AnswerOrigin& origin) {
  Checked<FurtherStep> compiled =
      CompileStep(key.client.cid, key.kid, step, *entry.session.identity,
                  TimeForSteps(config_, clock_.Now() - entry.pending_since));
  if (!compiled.ok()) return {AnswerReceipt::Status::kRejected, compiled.violations()};
  entry.awaits_response = step.method == PendingAuth::Method::kChallenge;
  entry.session.policy = origin.policy;
  entry.session.last_decision_id = origin.decision_id;
  // A session that renews its keys stays what it is.
  if (!entry.pending_reauth) table_.SetState(entry, SessionState::kPendingAuth);
  const Session session = entry.session;
  FurtherStep put = compiled.TakeValue();
  UnwrittenAnswer unwritten{.key = key, .commands = {std::move(put.command)}, .is_step = true};
  AnswerReceipt receipt = Queued(unwritten.commands, {});
  receipt.granted = put.granted;
  Write(std::move(unwritten));
  sink_.OnSessionChanged(session, SessionChange::kStepPut);
  return receipt;
}

void Sessions::NoteDecision(const SessionUid& uid, const DecisionId& decision,
                            const std::string& policy, const std::string& revision) {
  SessionEntry* entry = table_.FindByUid(uid);
  if (entry == nullptr || entry->session.last_decision_id != decision) return;
  entry->session.policy = policy;
  entry->session.policy_revision = revision;
}

void Sessions::Write(UnwrittenAnswer answer) {
  if (!channel_.ready()) {
    const KeyRef key = answer.key;
    unwritten_.insert_or_assign(key, std::move(answer));
    return;
  }
  std::vector<Connection::Request> requests;
  requests.reserve(answer.commands.size());
  // The first command is the answer. The kick behind it may find that the client has gone; that
  // changes nothing.
  for (const Command& command : answer.commands) {
    requests.push_back({command, [](const absl::StatusOr<Reply>&) {}});
  }
  requests.front().on_reply = [this,
                               written = std::move(answer)](const absl::StatusOr<Reply>& reply) {
    OnWriteResult(written, reply);
  };
  channel_.Send(std::move(requests));
}

void Sessions::OnWriteResult(const UnwrittenAnswer& answer, const absl::StatusOr<Reply>& reply) {
  if (answer.key.client.epoch != epoch_) return;
  const SessionEntry* entry = table_.Find(answer.key.client.cid);
  // A step that was answered meanwhile has been overtaken; its own fate tells nothing any more.
  const bool overtaken =
      answer.is_step && (entry == nullptr || entry->pending_kid != answer.key.kid);
  if (overtaken) return;
  if (reply.ok() && reply->success) {
    if (!answer.is_step) sink_.OnAnswerOutcome(answer.key, AnswerOutcome::kWritten, reply->text);
    return;
  }
  if (reply.ok() || absl::IsResourceExhausted(reply.status())) {
    const std::string detail = reply.ok() ? reply->text : std::string(reply.status().message());
    logger_.Warning(
        "ANSWER_NOT_TAKEN", "OpenVPN did not take an answer; the client is not admitted by it",
        {{"instance", config_.name}, {"key", ToString(answer.key)}, {"detail", detail}});
    sink_.OnAnswerOutcome(answer.key, AnswerOutcome::kNotEnforced, detail);
    return;
  }
  // The connection was lost and nobody knows whether OpenVPN read the answer. Giving the same
  // answer twice does no harm, so it waits for the next connection, unless the client is gone or
  // has been asked about again.
  if (entry != nullptr && entry->last_kid == answer.key.kid)
    unwritten_.insert_or_assign(answer.key, answer);
}

void Sessions::WriteWaiting() {
  auto waiting = std::exchange(unwritten_, {});
  for (auto& [key, answer] : waiting) Write(std::move(answer));
}

void Sessions::Kill(const SessionUid& uid, KillDisposition disposition, absl::string_view reason,
                    KillCallback done) {
  SessionEntry* entry = table_.FindByUid(uid);
  if (entry == nullptr) return done(absl::NotFoundError("no such session"));
  const ClientRef client = entry->session.client;
  SendKill(
      client.cid, disposition, reason,
      [this, client, uid, why = absl::StrCat("killed: ", reason),
       done = std::move(done)](const absl::Status& status) {
        SessionEntry* killed = table_.FindByUid(uid);
        if (status.ok() && killed != nullptr && killed->session.state != SessionState::kEnded) {
          table_.SetState(*killed, SessionState::kEnding);
          killed->session.end_reason = why;
          // Its open question is void: an allow must not overtake the kill.
          const std::optional<Kid> pending = std::exchange(killed->pending_kid, std::nullopt);
          const Session session = killed->session;
          if (pending.has_value())
            sink_.OnAuthWithdrawn({client, *pending}, WithdrawReason::kClientGone);
          sink_.OnSessionChanged(session, SessionChange::kEnding);
        }
        done(status);
      });
}

void Sessions::SendKill(Cid cid, KillDisposition disposition, absl::string_view reason,
                        KillCallback done) {
  if (!channel_.ready()) return done(absl::UnavailableError("the management connection is down"));
  absl::StatusOr<Command> command = commands::ClientKill(cid, disposition, reason);
  if (!command.ok()) return done(command.status());
  std::vector<Connection::Request> requests;
  requests.push_back(
      {*std::move(command), [this, done = std::move(done)](const absl::StatusOr<Reply>& reply) {
         if (!reply.ok()) return done(reply.status());
         if (!reply->success) return done(absl::FailedPreconditionError(reply->text));
         ++kills_;
         done(absl::OkStatus());
       }});
  channel_.Send(std::move(requests));
}

void Sessions::KillIntruder(Cid cid, absl::string_view how) {
  logger_.Error("SESSION_WITHOUT_VERDICT",
                "a client is in that no verdict of this broker allowed; it is killed",
                {{"instance", config_.name}, {"cid", cid.value}, {"seen_by", how}});
  SendKill(cid, KillDisposition::kHalt, "not authorized", [this, cid](const absl::Status& status) {
    if (status.ok()) return;
    logger_.Error("KILL_FAILED", "a client without a verdict could not be killed",
                  {{"instance", config_.name}, {"cid", cid.value}, {"status", status.ToString()}});
  });
}

}  // namespace ovpnbroker::ovpn
