// Sessions that a test makes up, with a real journal. A kill is kept until the test completes it.
// Loop thread only.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policy/session_access.h"

namespace ovpnbroker::test {

class FakeSessionAccess final : public policy::SessionAccess {
 public:
  struct KillCall {
    ovpn::SessionUid uid;
    bool halt;
    std::string reason;
    std::function<void(absl::Status)> done;
  };

  explicit FakeSessionAccess(const ovpn::Clock& clock,
                             size_t ring = policy::SessionJournal::kDefaultCapacity)
      : journal_("run-1", clock, ring) {}

  void Establish(const std::string& uid, const std::string& instance = "office") {
    ovpn::Session& session = sessions[uid];
    session.uid = uid;
    session.client.instance = instance;
    session.state = ovpn::SessionState::kEstablished;
    journal_.Append(policy::SessionRecord{ovpn::SessionChange::kEstablished, session});
  }
  void End(const std::string& uid) {
    auto node = sessions.extract(uid);
    node.mapped().state = ovpn::SessionState::kEnded;
    journal_.Append(policy::SessionRecord{ovpn::SessionChange::kEnded, node.mapped()});
  }

  policy::SessionJournal& journal() override { return journal_; }
  void VisitSessions(absl::string_view after,
                     const std::function<bool(const ovpn::Session&)>& visit) const override {
    for (auto next = sessions.upper_bound(std::string(after)); next != sessions.end(); ++next) {
      if (!visit(next->second)) return;
    }
  }
  std::optional<ovpn::Session> FindSession(const ovpn::SessionUid& uid) const override {
    const auto found = sessions.find(uid);
    return found == sessions.end() ? std::nullopt : std::optional(found->second);
  }
  void KillSession(const ovpn::SessionUid& uid, bool halt, const std::string& reason,
                   std::function<void(absl::Status)> done) override {
    kills.push_back({uid, halt, reason, std::move(done)});
  }

  std::map<ovpn::SessionUid, ovpn::Session> sessions;
  std::vector<KillCall> kills;

 private:
  policy::SessionJournal journal_;
};

}  // namespace ovpnbroker::test
