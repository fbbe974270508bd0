// Writes each decision's record to the log, under an id that tells a deny, a failed policy, an
// unreachable policy and an invalid verdict apart. Owned by the broker; loop thread.
#pragma once

#include "ovpn/base/log.h"
#include "policy/decision_record.h"

namespace ovpnbroker::policy {

class DecisionLog final : public DecisionObserver {
 public:
  // `logger` outlives this.
  explicit DecisionLog(ovpn::Logger& logger) : logger_(logger) {}

  // One line by result, and a second one when the failure rules admitted the client.
  void OnDecisionRecord(const DecisionRecord& record) override;

 private:
  ovpn::Logger& logger_;
};

}  // namespace ovpnbroker::policy
