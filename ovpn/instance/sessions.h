// The dialogue about clients on one management connection: turns CLIENT notifications into
// questions and session changes for the sink, and answers and kills into commands. Owns the session
// table and the epoch. An answer is taken only for the key that waits for it in this epoch, and
// waits itself while the connection is down. Owned by Instance; loop thread only.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/log.h"
#include "ovpn/instance/command_channel.h"
#include "ovpn/instance/instance_config.h"
#include "ovpn/instance/instance_sink.h"
#include "ovpn/instance/session_table.h"
#include "ovpn/management/client_auth_block.h"
#include "ovpn/management/command.h"
#include "ovpn/management/message.h"
#include "ovpn/management/status_report.h"
#include "ovpn/types/verdict.h"

namespace ovpnbroker::ovpn {

// What became of an answer at hand-over; what OpenVPN makes of it comes through
// InstanceSink::OnAnswerOutcome.
struct AnswerReceipt {
  enum class Status {
    kQueued,    // it is written, or will be when the connection is back
    kRejected,  // it would not make a command that OpenVPN reads as meant; the key still waits
    kGone,      // nobody waits under this key any more
  };
  Status status = Status::kQueued;
  std::vector<FieldViolation> violations = {};  // with kRejected
  // With kQueued for a PendingAuth: how long OpenVPN waits for the client from now.
  std::chrono::seconds granted{0};
  // With kQueued, for the record: the commands as ShownLines shows them, and the addresses asked
  // for.
  std::vector<std::string> lines = {};
  std::vector<std::string> wanted_addresses = {};
};

// Who gave an answer, for the session's own record.
struct AnswerOrigin {
  std::string policy;
  DecisionId decision_id;
};

class Sessions {
 public:
  // Told when OpenVPN took the kill (OK), or why it did not: NOT_FOUND (no such session),
  // UNAVAILABLE (not connected), FAILED_PRECONDITION (OpenVPN refused), INVALID_ARGUMENT (the
  // message).
  using KillCallback = std::function<void(absl::Status)>;

  // All references outlive this.
  Sessions(const InstanceConfig& config, DirectivePolicy allowed_raw, CommandChannel& channel,
           const Clock& clock, InstanceSink& sink, Logger& logger);

  Epoch epoch() const { return epoch_; }
  const SessionTable& table() const { return table_; }
  const Session* FindByUid(const SessionUid& uid) const;
  // Kills that OpenVPN took, since this was made.
  uint64_t kills() const { return kills_; }

  // OpenVPN counts from the start: every session ends, every question is void. Returns at once with
  // the new epoch.
  void BeginEpoch(absl::string_view reason);

  void OnEvent(ClientEvent&& event);
  void OnByteCount(const ByteCount& count) {
    table_.OnByteCount(count.cid, count.received_bytes, count.sent_bytes);
  }
  // Denies a client whose CONNECT could not be read.
  void OnUnreadable(const ProtocolError& error);

  // The answer to the question with this key: an Allow or a Deny; or a PendingAuth, after which the
  // answer is still awaited. An answer to a PendingAuth's question comes as a further
  // OnAuthRequest with the same key.
  AnswerReceipt Answer(const KeyRef& key, const Verdict& answer, const AnswerOrigin& origin);
  // Ends a session: the client is told to stay away (kHalt) or to reconnect. The session ends with
  // DISCONNECT, about 5 s later. `reason` goes to the client and the log; printable ASCII.
  void Kill(const SessionUid& uid, KillDisposition disposition, absl::string_view reason,
            KillCallback done);

  // How the decision is to be shown, known once it is recorded; ignored when the session has moved
  // on.
  void NoteDecision(const SessionUid& uid, const DecisionId& decision, const std::string& policy,
                    const std::string& revision);

  // What to do about clients that are in and that the table does not know.
  enum class UnknownClients {
    kKill,   // nobody allowed them
    kAdopt,  // an earlier broker did: they stay, UNJUDGED until their REAUTH
  };
  // Compares the table with what OpenVPN has after the connection was away, then writes the answers
  // that waited. Once asked to adopt, it adopts until a comparison was made or the epoch moves,
  // also over a lost connection; what clients do meanwhile is held back, so that nobody is judged
  // while the addresses of those who are in are not known.
  void Resync(UnknownClients unknown = UnknownClients::kKill);

 private:
  // Commands that wait for the connection, bound to the question they answer.
  struct UnwrittenAnswer {
    KeyRef key;
    std::vector<Command> commands;
    bool is_step = false;  // a PendingAuth: the answer is still to come
  };

  void OnConnect(ClientConnect&& event);
  void OnChallengeResponse(ClientChallengeResponse&& event);
  void OnEstablished(const ClientEstablished& event);
  void OnAddress(const ClientAddress& event);
  void OnDisconnect(const ClientDisconnect& event);
  void VerifyAddresses(const SessionEntry& entry);
  void CloseSession(Cid cid, absl::string_view reason);
  void ReportEnd(const SessionEntry& entry, WithdrawReason reason);
  // Reports a session's change as it is now.
  void Changed(const SessionEntry& entry, SessionChange change) {
    sink_.OnSessionChanged(entry.session, change);
  }
  AnswerReceipt AnswerPending(SessionEntry& entry, const KeyRef& key, const PendingAuth& step,
                              const AnswerOrigin& origin);
  void Write(UnwrittenAnswer answer);
  void WriteWaiting();
  void OnWriteResult(const UnwrittenAnswer& answer, const absl::StatusOr<Reply>& reply);
  void SendKill(Cid cid, KillDisposition disposition, absl::string_view reason, KillCallback done);
  void KillIntruder(Cid cid, absl::string_view how);
  void OnStatus(const absl::StatusOr<Reply>& reply);
  void Compare(const StatusReport& report);
  void OnUnknownRow(const StatusReport::Client& row);
  bool ConnectIsHeld(Cid cid) const;
  void EndAdoption();
  void Adopt(const StatusReport::Client& row);

  const InstanceConfig& config_;
  const DirectivePolicy allowed_raw_;
  CommandChannel& channel_;
  const Clock& clock_;
  InstanceSink& sink_;
  Logger& logger_;

  Epoch epoch_{1};
  SessionTable table_;
  uint64_t kills_ = 0;
  absl::btree_map<KeyRef, UnwrittenAnswer> unwritten_;
  bool adopting_ = false;
  std::vector<ClientEvent> held_;  // while adopting, in order; no longer than the reply's timeout
};

}  // namespace ovpnbroker::ovpn
