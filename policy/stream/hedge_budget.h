// Limits how many late decisions are asked a second time while the first replica may still answer:
// each new decision earns a part of a token, each hedge takes a whole one. However slow all
// replicas are, hedges so add at most that part to their load, after a first burst. A value; loop
// thread only.
#pragma once

#include <algorithm>

namespace ovpnbroker::policy {

class HedgeBudget {
 public:
  static constexpr double kEarned = 0.5;  // tokens a decision
  static constexpr double kMaxTokens = 64;

  void OnDecision() { tokens_ = std::min(kMaxTokens, tokens_ + kEarned); }

  bool allows() const { return tokens_ >= 1; }
  void OnHedge() { tokens_ -= 1; }

 private:
  double tokens_ = kMaxTokens;
};

}  // namespace ovpnbroker::policy
