// Recordings: whoever listens is given each decision with a verdict of its policy, without secrets.
// Costs nothing while nobody listens. Owned by the broker; loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "ovpnbroker/admin/v1/recording_service.pb.h"
#include "policy/decision_record.h"

namespace ovpnbroker::server {

class RecordingDesk final : public policy::DecisionObserver {
 public:
  using Listener =
      std::function<void(const std::shared_ptr<const admin::v1::RecordedDecision>& decision)>;

  // Decisions about clients of `instance`, all when it is empty. The number is for RemoveListener.
  // A listener must not add or remove one.
  uint64_t AddListener(const std::string& instance, Listener listener);
  void RemoveListener(uint64_t number) { listeners_.erase(number); }

  void OnDecisionRecord(const policy::DecisionRecord& /*record*/) override {}
  void OnJudged(const policy::JudgedRequest& judged) override;

 private:
  struct Entry {
    std::string instance;
    Listener listener;
  };

  uint64_t last_number_ = 0;
  std::map<uint64_t, Entry> listeners_;
};

}  // namespace ovpnbroker::server
