// What the sources of the engine share and nobody else sees. Loop thread only.
#pragma once

#include <memory>
#include <optional>

#include "policy/engine.h"

namespace ovpnbroker::policy {

// Tells the deadline listener once, when the outermost call returns.
class DecisionEngine::DeadlineUpdate {
 public:
  explicit DeadlineUpdate(DecisionEngine& engine) : engine_(engine) { ++engine_.call_depth_; }
  ~DeadlineUpdate() {
    if (--engine_.call_depth_ == 0 && engine_.deadline_listener_ != nullptr) {
      engine_.deadline_listener_(engine_.NextDeadline());
    }
  }
  DeadlineUpdate(const DeadlineUpdate&) = delete;
  DeadlineUpdate& operator=(const DeadlineUpdate&) = delete;

 private:
  DecisionEngine& engine_;
};

// Where the reply to one attempt arrives. Shared with the callback that the policy keeps; all links
// are weak, so that a policy which never replies keeps nothing alive.
struct DecisionEngine::ReplySlot {
  std::weak_ptr<DecisionEngine*> engine;
  std::weak_ptr<DecisionEntry> entry;
  std::weak_ptr<Policy> policy;
  ovpn::DecisionId decision_id;
  int attempt = 0;
  bool replied = false;  // with a verdict or a failure
  bool inside_ask = true;
  std::optional<PolicyReply> early_reply;  // came from inside Ask
};

}  // namespace ovpnbroker::policy
