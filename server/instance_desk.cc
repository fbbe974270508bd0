#include "server/instance_desk.h"

#include <algorithm>
#include <asio/post.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace ovpnbroker::server {
namespace {

using Code = InstanceAnswer::Code;
using ovpn::InstanceState;

bool IsIn(InstanceState state, std::initializer_list<InstanceState> states) {
  return std::find(states.begin(), states.end(), state) != states.end();
}

// The states in which a verb makes sense.
bool Allows(InstanceState state, InstanceVerb verb) {
  switch (verb) {
    case InstanceVerb::kStart:
      return IsIn(state,
                  {InstanceState::kStopped, InstanceState::kFailed, InstanceState::kBackoff});
    case InstanceVerb::kStop:
      return !IsIn(state, {InstanceState::kStopped, InstanceState::kDetached});
    case InstanceVerb::kRestart:
      return IsIn(state,
                  {InstanceState::kStarting, InstanceState::kHolding, InstanceState::kRunning});
    case InstanceVerb::kSoftRestart:
    case InstanceVerb::kDetach:
      return state == InstanceState::kRunning;
    case InstanceVerb::kAttach:
      return IsIn(state,
                  {InstanceState::kDetached, InstanceState::kStopped, InstanceState::kFailed});
  }
  return false;
}

// What to do instead, where there is one thing.
absl::string_view Hint(InstanceState state, InstanceVerb verb) {
  if (state == InstanceState::kDetached) return "; attach it first";
  if (verb == InstanceVerb::kStart) return "; it is started already";
  if (verb == InstanceVerb::kStop) return "; there is nothing to stop";
  if (verb == InstanceVerb::kRestart || verb == InstanceVerb::kSoftRestart) return "; start it";
  return "";
}

absl::string_view Name(InstanceVerb verb) {
  switch (verb) {
    case InstanceVerb::kStart:
      return "started";
    case InstanceVerb::kStop:
      return "stopped";
    case InstanceVerb::kRestart:
      return "restarted";
    case InstanceVerb::kSoftRestart:
      return "restarted inside its process";
    case InstanceVerb::kAttach:
      return "attached";
    case InstanceVerb::kDetach:
      return "detached";
  }
  return "changed";
}

// When there is nothing to wait for any more: the state is reached, or it will not be.
std::function<bool(ovpn::Instance&)> Over(ovpn::Instance& instance, InstanceVerb verb) {
  const auto state_of = [](ovpn::Instance& which) { return which.snapshot().state; };
  const pid_t pid = instance.snapshot().pid;
  const ovpn::Epoch epoch = instance.sessions().epoch();
  switch (verb) {
    case InstanceVerb::kStop:
      return
          [state_of](ovpn::Instance& which) { return state_of(which) == InstanceState::kStopped; };
    case InstanceVerb::kRestart:
      return [state_of, pid](ovpn::Instance& which) {
        const InstanceState state = state_of(which);
        return (state == InstanceState::kRunning && which.snapshot().pid != pid) ||
               state == InstanceState::kFailed;
      };
    case InstanceVerb::kSoftRestart:
      return [state_of, epoch](ovpn::Instance& which) {
        const InstanceState state = state_of(which);
        return (state == InstanceState::kRunning && which.sessions().epoch() != epoch) ||
               IsIn(state, {InstanceState::kFailed, InstanceState::kStopped});
      };
    default:
      return [state_of](ovpn::Instance& which) {
        return !IsIn(state_of(which), {InstanceState::kStarting, InstanceState::kHolding});
      };
  }
}

}  // namespace

InstanceDesk::InstanceDesk(asio::io_context& loop, const ovpn::Clock& clock,
                           ovpn::InstanceSet& instances, ovpn::Logger& logger)
    : loop_(loop),
      clock_(clock),
      instances_(instances),
      logger_(logger),
      drains_(loop, clock,
              [this](const std::string& instance, const std::string& reason) {
                EndSessions(instance, reason);
              }),
      timer_(loop, [this] { Look(); }) {}

void InstanceDesk::Order(InstanceOrder order, std::function<void(InstanceAnswer)> done) {
  ovpn::Instance* const instance = instances_.Find(order.instance);
  const auto answer = [this, &done](InstanceAnswer what) {
    asio::post(loop_, [done = std::move(done), what = std::move(what)] { done(what); });
  };
  if (instance == nullptr) return answer({Code::kNoInstance, ""});
  if (closed_) return answer({Code::kStopping, "the broker is stopping"});
  const InstanceState state = instance->snapshot().state;
  if (!Allows(state, order.verb)) {
    return answer({Code::kWrongState,
                   absl::StrCat("the instance is ", ovpn::ToString(state), " and cannot be ",
                                Name(order.verb), Hint(state, order.verb))});
  }
  std::function<bool(ovpn::Instance&)> over = Over(*instance, order.verb);
  InstanceAnswer result = Carry(*instance, order);
  if (result.code != Code::kDone || order.wait <= ovpn::Duration::zero()) {
    return answer(std::move(result));
  }
  waiters_.push_back({order.instance, std::move(over), clock_.Now() + order.wait, std::move(done)});
  LookSoon();
}

InstanceAnswer InstanceDesk::Carry(ovpn::Instance& instance, const InstanceOrder& order) {
  absl::Status status;
  switch (order.verb) {
    case InstanceVerb::kStart:
      instance.Start();
      break;
    case InstanceVerb::kStop:
      instance.Stop([] {}, order.grace);
      break;
    case InstanceVerb::kRestart:
      Restart(instance, order);
      break;
    case InstanceVerb::kSoftRestart:
      status = instance.SoftRestart();
      break;
    case InstanceVerb::kAttach:
      status = instance.Attach();
      break;
    case InstanceVerb::kDetach:
      status = instance.Detach();
      break;
  }
  if (status.ok()) return {};
  const bool nothing = order.verb == InstanceVerb::kAttach && absl::IsNotFound(status);
  return {nothing ? Code::kNothingToAttach : Code::kWrongState, std::string(status.message())};
}

void InstanceDesk::Restart(ovpn::Instance& instance, const InstanceOrder& order) {
  // Posted: the child's end is told from inside the instance. A stop that was ordered meanwhile
  // would have found STOPPING and waits for the same end; this start comes after it.
  instance.Stop(
      [this, self = std::weak_ptr<InstanceDesk*>(self_), name = order.instance] {
        asio::post(loop_, [self, name] {
          const auto alive = self.lock();
          if (alive == nullptr || (*alive)->closed_) return;
          if (ovpn::Instance* found = (*alive)->instances_.Find(name)) found->Start();
        });
      },
      order.grace);
}

InstanceAnswer InstanceDesk::Drain(const DrainOrder& order) {
  if (instances_.Find(order.instance) == nullptr) return {Code::kNoInstance, ""};
  drains_.Begin(order);
  logger_.Info("INSTANCE_DRAINED", "an instance takes nobody new",
               {{"instance", order.instance}, {"reason", order.reason}});
  OnStateChanged(order.instance);
  return {};
}

InstanceAnswer InstanceDesk::Undrain(const std::string& instance) {
  if (instances_.Find(instance) == nullptr) return {Code::kNoInstance, ""};
  if (!drains_.End(instance)) return {Code::kNotDraining, "the instance is not drained"};
  logger_.Info("INSTANCE_UNDRAINED", "an instance takes clients again", {{"instance", instance}});
  OnStateChanged(instance);
  return {};
}

uint64_t InstanceDesk::AddWatcher(std::function<void(const std::string&)> watcher) {
  watchers_.emplace(++last_watcher_, std::move(watcher));
  return last_watcher_;
}

void InstanceDesk::OnStateChanged(const std::string& instance) {
  std::vector<std::function<void(const std::string&)>> watchers;
  watchers.reserve(watchers_.size());
  for (const auto& [id, watcher] : watchers_) watchers.push_back(watcher);
  for (const auto& watcher : watchers) watcher(instance);
  LookSoon();
}

void InstanceDesk::LookSoon() {
  if (std::exchange(looking_, true)) return;
  asio::post(loop_, [self = std::weak_ptr<InstanceDesk*>(self_)] {
    if (const auto alive = self.lock()) (*alive)->Look();
  });
}

void InstanceDesk::EndSessions(const std::string& name, const std::string& reason) {
  ovpn::Instance* const instance = instances_.Find(name);
  if (instance == nullptr) return;
  std::vector<ovpn::SessionUid> uids;
  instance->sessions().table().Visit("", [&uids](const ovpn::SessionEntry& entry) {
    uids.push_back(entry.session.uid);
    return true;
  });
  logger_.Info("DRAIN_ENDS_SESSIONS", "the sessions that a drain left are ended",
               {{"instance", name}, {"sessions", uids.size()}});
  for (const ovpn::SessionUid& uid : uids) {
    instance->sessions().Kill(
        uid, ovpn::KillDisposition::kRestart, reason,
        [this, self = std::weak_ptr<InstanceDesk*>(self_), name, uid](const absl::Status& status) {
          if (self.expired() || status.ok() || absl::IsNotFound(status)) return;
          logger_.Warning(
              "DRAIN_KILL_FAILED", "a session that a drain left could not be ended",
              {{"instance", name}, {"session_uid", uid}, {"status", status.ToString()}});
        });
  }
}

void InstanceDesk::Look() {
  looking_ = false;
  std::vector<std::function<void(InstanceAnswer)>> over;
  for (auto it = waiters_.begin(); it != waiters_.end();) {
    ovpn::Instance* const instance = instances_.Find(it->instance);
    if (instance == nullptr || it->deadline <= clock_.Now() || it->over(*instance)) {
      over.push_back(std::move(it->done));
      it = waiters_.erase(it);
    } else {
      ++it;
    }
  }
  Arm();
  for (const auto& done : over) done({});
}

void InstanceDesk::Arm() {
  std::optional<ovpn::SteadyTime> next;
  for (const Waiter& waiter : waiters_)
    next = std::min(next.value_or(waiter.deadline), waiter.deadline);
  timer_.Arm(next);
}

}  // namespace ovpnbroker::server
