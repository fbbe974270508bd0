// Operators' orders to instances: checks that the state allows them, carries them out, and answers
// when the state that they lead to is reached. Owned by the broker, which tells it of each change;
// loop thread only.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "ovpn/base/clock.h"
#include "ovpn/base/deadline_timer.h"
#include "ovpn/base/log.h"
#include "ovpn/instance/instance_set.h"
#include "server/instance_control.h"
#include "server/instance_drains.h"

namespace ovpnbroker::server {

class InstanceDesk final : public InstanceControl {
 public:
  // All references outlive the desk.
  InstanceDesk(asio::io_context& loop, const ovpn::Clock& clock, ovpn::InstanceSet& instances,
               ovpn::Logger& logger);
  // Whoever still waits is not answered: the admin API has ended its calls before.
  ~InstanceDesk() override = default;
  InstanceDesk(const InstanceDesk&) = delete;
  InstanceDesk& operator=(const InstanceDesk&) = delete;

  void Order(InstanceOrder order, std::function<void(InstanceAnswer)> done) override;
  InstanceAnswer Drain(const DrainOrder& order) override;
  InstanceAnswer Undrain(const std::string& instance) override;
  uint64_t AddWatcher(std::function<void(const std::string&)> watcher) override;
  void RemoveWatcher(uint64_t id) override { watchers_.erase(id); }

  InstanceDrains& drains() { return drains_; }
  const InstanceDrains& drains() const { return drains_; }
  // The broker stops: no order is taken any more.
  void Close() { closed_ = true; }
  // An instance's state has changed; may be called from inside the instance.
  void OnStateChanged(const std::string& instance);

 private:
  struct Waiter {
    std::string instance;
    std::function<bool(ovpn::Instance&)> over;
    ovpn::SteadyTime deadline;
    std::function<void(InstanceAnswer)> done;
  };

  InstanceAnswer Carry(ovpn::Instance& instance, const InstanceOrder& order);
  void Restart(ovpn::Instance& instance, const InstanceOrder& order);
  void EndSessions(const std::string& instance, const std::string& reason);
  // Answers whoever has waited long enough; in a turn of its own, outside of the instance.
  void LookSoon();
  void Look();
  void Arm();

  asio::io_context& loop_;
  const ovpn::Clock& clock_;
  ovpn::InstanceSet& instances_;
  ovpn::Logger& logger_;
  bool closed_ = false;
  bool looking_ = false;  // a Look is posted
  InstanceDrains drains_;
  std::list<Waiter> waiters_;
  std::map<uint64_t, std::function<void(const std::string&)>> watchers_;
  uint64_t last_watcher_ = 0;
  ovpn::DeadlineTimer timer_;
  // Tasks that are posted find out through a weak pointer that the desk is gone.
  std::shared_ptr<InstanceDesk*> self_ = std::make_shared<InstanceDesk*>(this);
};

}  // namespace ovpnbroker::server
