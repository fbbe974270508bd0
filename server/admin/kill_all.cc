#include "server/admin/kill_all.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/admin/status_codec.h"

namespace ovpnbroker::server {

std::vector<ovpn::SessionUid> SelectLive(const BrokerControl& broker,
                                         const std::function<bool(const ovpn::Session&)>& matches) {
  std::vector<ovpn::SessionUid> uids;
  broker.VisitSessions("", [&](const ovpn::Session& session) {
    if (session.state != ovpn::SessionState::kEnded && matches(session)) {
      uids.push_back(session.uid);
    }
    return true;
  });
  return uids;
}

void KillAll(BrokerControl& broker, const std::vector<ovpn::SessionUid>& uids, KillRequest kill,
             std::function<void(std::vector<admin::v1::KillResult>)> done) {
  struct Progress {
    std::vector<admin::v1::KillResult> results;
    size_t open;
    std::function<void(std::vector<admin::v1::KillResult>)> done;
  };
  if (uids.empty()) return done({});
  const auto progress = std::make_shared<Progress>(
      Progress{std::vector<admin::v1::KillResult>(uids.size()), uids.size(), std::move(done)});
  for (size_t i = 0; i < uids.size(); ++i) {
    kill.uid = uids[i];
    broker.Kill(kill, [progress, i](const KillResult& result) {
      progress->results[i] = KillResultToProto(result);
      if (--progress->open == 0) progress->done(std::move(progress->results));
    });
  }
}

std::vector<admin::v1::KillResult> WouldEnd(const BrokerControl& broker,
                                            const std::vector<ovpn::SessionUid>& uids) {
  std::vector<admin::v1::KillResult> results;
  for (const ovpn::SessionUid& uid : uids) {
    results.push_back(KillResultToProto({KillOutcome::kEnding, broker.FindSession(uid), ""}));
    results.back().set_outcome(admin::v1::KillResult::OUTCOME_WOULD_END);
  }
  return results;
}

std::string FailureOf(const std::vector<admin::v1::KillResult>& results) {
  for (const admin::v1::KillResult& result : results) {
    if (result.outcome() == admin::v1::KillResult::OUTCOME_FAILED) {
      return absl::StrCat("not ended: ", result.message());
    }
  }
  return "";
}

}  // namespace ovpnbroker::server
