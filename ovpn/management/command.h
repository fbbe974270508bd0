// What is written to OpenVPN's management socket: one command, complete and ready to send. Text for
// OpenVPN is made here and in client_auth_block, nowhere else: headers are built from numbers, and
// text goes through text_argument. Plain values and pure functions; any thread.
#pragma once

#include <chrono>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/ids.h"
#include "ovpn/base/secret.h"
#include "ovpn/management/checked.h"
#include "ovpn/management/client_auth_block.h"
#include "ovpn/types/client_identity.h"
#include "ovpn/types/verdict.h"

namespace ovpnbroker::ovpn {

struct Command {
  std::string name;   // for logs: "client-auth"
  std::string bytes;  // complete lines, each ended by LF; may hold a password, so never logged
  bool multi_line_reply = false;  // the reply runs until a line END; an ERROR is one line anyway
};

enum class ManagementSignal { kTerm, kHup, kUsr1, kUsr2 };

// What a killed client does next.
enum class KillDisposition { kRestart, kHalt };

// The factories. KID 0 is refused everywhere (INVALID_ARGUMENT): OpenVPN would match it with an
// empty key slot and answer SUCCESS.
namespace commands {

// 0 shows every variable. The setting outlives the connection, so it is sent on each.
Command EnvFilter(int level);
Command StateOn();
// The state right now, in the words of >STATE.
Command State();
// 0 turns the counters off.
Command ByteCount(std::chrono::seconds interval);
Command Version();
Command Status3();
Command HoldRelease();
Command Pid();
Command Signal(ManagementSignal signal);

// The login line, which is raw: not a command, no quotes. Refused: control bytes, an empty or
// overlong password.
absl::StatusOr<Command> Password(const Secret& password);

absl::StatusOr<Command> ClientAuthNt(Cid cid, Kid kid);
absl::StatusOr<Command> ClientAuth(Cid cid, Kid kid, const ClientAuthBlock& block);

// A policy's deny, or the broker's own with texts from CleanText. Violations name deny.reason,
// deny.client_reason, deny.retry.backoff or a field of deny.challenge in the policy's terms.
// `username` is the client's, which a dynamic challenge (CRV1) must repeat to it.
Checked<Command> ClientDeny(Cid cid, Kid kid, const Deny& deny, absl::string_view username = "");

// Tells the client what to do while it waits, and OpenVPN to wait `timeout` (positive) from now.
// `client` says which ways it knows: a step that it cannot take is refused. Violations name fields
// of pending_auth.
Checked<Command> ClientPendingAuth(Cid cid, Kid kid, const PendingAuth& step,
                                   const ClientIdentity& client, std::chrono::seconds timeout);

// client-pending-auth with no text, written right behind an answer: OpenVPN then acts on the answer
// at once instead of at the client's next packet. Only for clients that SupportsAuthPending().
// `timeout` should be the instance's hand-window.
absl::StatusOr<Command> PromptKick(Cid cid, Kid kid, std::chrono::seconds timeout);

// Tells the client to reconnect (without its cached credentials) or to exit; the session ends about
// 5 s later. `message` may be empty; it must not begin with `[`, where clients read flags.
absl::StatusOr<Command> ClientKill(Cid cid, KillDisposition disposition, absl::string_view message);

// Drops whoever is at `real_address` ("192.0.2.7:50123") without telling them. IPv4 only: OpenVPN
// 2.6 has no form for IPv6.
absl::StatusOr<Command> KillAddress(absl::string_view real_address);

}  // namespace commands

}  // namespace ovpnbroker::ovpn
