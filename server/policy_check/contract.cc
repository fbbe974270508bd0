#include "server/policy_check/contract.h"

namespace ovpnbroker::policy_check {

const std::vector<Rule>& Contract() {
  static const auto* const kRules = new std::vector<Rule>{
      {1, "handshake", "The first message on a stream is hello_ack, within 5 s of hello.",
       "Answer hello with hello_ack before anything else, without waiting for a database.",
       CheckHandshake},
      {2, "one hello_ack", "hello_ack comes once a stream.",
       "Send hello_ack in answer to hello only.", CheckOneHelloAck},
      {3, "capabilities",
       "hello_ack switches on only what hello offers, and nothing is sent that needs a capability "
       "that is off.",
       "Intersect hello.capabilities with those you know; ask before you send a command.",
       CheckCapabilities},
      {4, "limits in hello_ack", "max_in_flight is 0 or more; at most 64 environment_names.",
       "Leave max_in_flight out to take the broker's; use patterns such as IV_*.",
       CheckHelloAckLimits},
      {5, "verdicts", "Each decision_request gets one decision with its id and a verdict, in time.",
       "Copy decision_id, set one of allow, deny, abstain, failure; answer unknown users too.",
       CheckAnswer},
      {6, "readable verdicts", "The broker can read every field of a verdict.",
       "Correct the field that is named; its form is in type/v1/client_config.proto.",
       CheckVerdictReadable},
      {7, "idempotency", "The same decision_id gets the same verdict, ten times.",
       "Judge from the request, or remember the verdict of a decision_id.", CheckIdempotent},
      {8, "bursts",
       "2 x max_in_flight questions, max_in_flight of them open, are answered in time.",
       "Answer concurrently, or lower max_in_flight in hello_ack.", CheckBurst},
      {9, "reauth", "KIND_REAUTH is answered like any question.",
       "Do not tell kinds apart unless you mean to.", CheckReauth},
      {10, "secrets", "No verdict repeats the client's password.",
       "Keep credentials out of reasons and audit_annotations.", CheckNoSecretEchoed},
      {11, "no password", "A question without credentials is answered.",
       "Test for credentials before you read them: the operator may not have granted them.",
       CheckMissingPassword},
      {12, "cancellation", "decision_cancellation is answered by silence; the stream goes on.",
       "Ignore it, or stop working on that decision.", CheckCancellation},
      {13, "outcomes", "decision_outcome of any result needs no answer; the stream goes on.",
       "Ignore it, or log RESULT_REJECTED and RESULT_LATE.", CheckOutcomes},
      {14, "later versions", "Unknown messages, fields and enum values are ignored.",
       "End the chain of cases with one that does nothing.", CheckUnknown},
      {15, "bytes", "Values of the environment may be any bytes.",
       "Decode with replacement, or compare bytes.", CheckNotUtf8},
      {16, "large questions", "A question of 200 KiB is answered.",
       "Leave gRPC's receive limit at its default (4 MiB) or at 256 KiB and more.",
       CheckLargeEnvironment},
      {17, "heartbeat", "heartbeat is sent back with the same sequence.",
       "Answer heartbeat with the same message, also while decisions are open.", CheckHeartbeat},
      {18, "drain", "When the broker has said drain and closed its side, the stream ends with OK.",
       "Return from the method when the messages end; do not raise.", CheckDrain},
      {19, "reconnect", "Streams that break off leave the policy able to serve the next one.",
       "Free what belongs to a stream when it ends, also by cancellation.", CheckReconnect},
      {20, "session events", "A lost cursor, a snapshot and live events are taken in.",
       "On KIND_CURSOR_LOST forget what you knew; build it again from KIND_SNAPSHOT.",
       CheckSessionEvents},
  };
  return *kRules;
}

}  // namespace ovpnbroker::policy_check
