#include "server/kill_desk.h"

#include <asio/post.hpp>
#include <string>
#include <utility>
#include <vector>

namespace ovpnbroker::server {
namespace {

ovpn::KillDisposition ToOvpn(KillDisposition disposition) {
  return disposition == KillDisposition::kRestart ? ovpn::KillDisposition::kRestart
                                                  : ovpn::KillDisposition::kHalt;
}

}  // namespace

KillDesk::KillDesk(asio::io_context& loop, const ovpn::Clock& clock, ovpn::InstanceSet& instances,
                   ovpn::Logger& logger)
    : loop_(loop), clock_(clock), instances_(instances), logger_(logger), timer_(loop, [this] {
        OnDeadline();
      }) {}

KillDesk::~KillDesk() {
  for (auto& [deadline, waiter] : std::exchange(waiters_, {})) {
    waiter.done({KillOutcome::kFailed, std::nullopt, "the broker stops"});
  }
}

void KillDesk::Kill(KillRequest request, Done done) {
  ovpn::Instance* instance = instances_.FindSession(request.uid);
  if (instance == nullptr)
    return Finish(std::move(done), {KillOutcome::kNotFound, std::nullopt, ""});
  logger_.Info(
      "SESSION_KILL", "a session is to be ended",
      {{"session", request.uid},
       {"disposition", request.disposition == KillDisposition::kRestart ? "RESTART" : "HALT"},
       {"reason", request.reason}});
  // Copied first: the callback takes the request with it.
  const ovpn::SessionUid uid = request.uid;
  const std::string reason = request.reason;
  const ovpn::KillDisposition disposition = ToOvpn(request.disposition);
  instance->sessions().Kill(uid, disposition, reason,
                            [desk = std::weak_ptr<KillDesk*>(self_), request = std::move(request),
                             done = std::move(done)](const absl::Status& status) {
                              if (const auto alive = desk.lock())
                                return (*alive)->OnTaken(request, done, status);
                              done({KillOutcome::kFailed, std::nullopt, "the broker stops"});
                            });
}

void KillDesk::OnTaken(KillRequest request, Done done, const absl::Status& status) {
  const ovpn::Instance* instance = instances_.FindSession(request.uid);
  if (instance == nullptr)
    return Finish(std::move(done), {KillOutcome::kAlreadyEnded, std::nullopt, ""});
  const ovpn::Session session = *instance->sessions().FindByUid(request.uid);
  if (!status.ok()) {
    logger_.Warning("KILL_FAILED", "a session could not be ended",
                    {{"session", request.uid}, {"status", status.ToString()}});
    return Finish(std::move(done), {KillOutcome::kFailed, session, std::string(status.message())});
  }
  if (request.wait <= ovpn::Duration::zero())
    return Finish(std::move(done), {KillOutcome::kEnding, session, ""});
  waiters_.emplace(clock_.Now() + request.wait, Waiter{request.uid, std::move(done)});
  Arm();
}

void KillDesk::OnSessionEnded(const ovpn::Session& session) {
  for (auto next = waiters_.begin(); next != waiters_.end();) {
    if (next->second.uid != session.uid) {
      ++next;
      continue;
    }
    Finish(std::move(next->second.done), {KillOutcome::kDisconnected, session, ""});
    next = waiters_.erase(next);
  }
  Arm();
}

void KillDesk::OnDeadline() {
  const ovpn::SteadyTime now = clock_.Now();
  while (!waiters_.empty() && waiters_.begin()->first <= now) {
    Waiter waiter = std::move(waiters_.begin()->second);
    waiters_.erase(waiters_.begin());
    const ovpn::Instance* instance = instances_.FindSession(waiter.uid);
    if (instance == nullptr) continue;  // OnSessionEnded has answered
    Finish(std::move(waiter.done),
           {KillOutcome::kEnding, *instance->sessions().FindByUid(waiter.uid), ""});
  }
  Arm();
}

void KillDesk::Arm() {
  timer_.Arm(waiters_.empty() ? std::nullopt
                              : std::optional<ovpn::SteadyTime>(waiters_.begin()->first));
}

void KillDesk::Finish(Done done, KillResult result) {
  asio::post(loop_, [done = std::move(done), result = std::move(result)]() mutable {
    done(std::move(result));
  });
}

}  // namespace ovpnbroker::server
