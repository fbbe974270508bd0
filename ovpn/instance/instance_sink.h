// The one interface through which an instance calls up. Implemented by server/broker (and a
// recording fake in tests); the instance keeps a reference for its whole life. Loop thread only; an
// implementation may call back into the instance from inside a call.
#pragma once

#include <string>
#include <vector>

#include "ovpn/base/ids.h"
#include "ovpn/types/auth_request.h"
#include "ovpn/types/instance_state.h"
#include "ovpn/types/session.h"

namespace ovpnbroker::ovpn {

// Why a question needs no answer any more.
enum class WithdrawReason {
  kClientGone,       // DISCONNECT came
  kSuperseded,       // the same client began another key negotiation
  kInstanceStopped,  // the tunnel run ended: child exit, SIGUSR1, SIGHUP
};

// What OpenVPN made of an answer that was written.
enum class AnswerOutcome {
  kWritten,      // SUCCESS
  kVerified,     // ESTABLISHED, addresses as asked
  kMismatched,   // ESTABLISHED, addresses differ
  kNotEnforced,  // ERROR: CID or KID were gone, or the command timed out
};

class InstanceSink {
 public:
  virtual ~InstanceSink() = default;

  // A client waits. The receiver answers once with Instance::Answer(request.key, verdict), or is
  // told OnAuthWithdrawn. After a PendingAuth with a question the client's response comes as one
  // more request of the same key, AuthKind::kChallengeResponse.
  virtual void OnAuthRequest(AuthRequest request) = 0;
  // The question with this key is void; an answer would be dropped.
  virtual void OnAuthWithdrawn(const KeyRef& key, WithdrawReason reason) = 0;
  // Progress of an answer (of a PendingAuth only kNotEnforced); kWritten or kNotEnforced comes
  // first, then at most one of the other two.
  virtual void OnAnswerOutcome(const KeyRef& key, AnswerOutcome outcome,
                               const std::string& detail) = 0;
  // A session changed, and how (not its byte counts). `session` is as it is after the change.
  virtual void OnSessionChanged(const Session& session, SessionChange change) = 0;
  virtual void OnInstanceStateChanged(const std::string& instance, InstanceState state,
                                      const std::string& detail) = 0;
};

}  // namespace ovpnbroker::ovpn
