// Instances that only note what they are ordered, and answer as the test says. Loop thread only.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "server/instance_control.h"

namespace ovpnbroker::server {

class FakeInstanceControl final : public InstanceControl {
 public:
  void Order(InstanceOrder order, std::function<void(InstanceAnswer)> done) override {
    orders.push_back(std::move(order));
    done(answer);
  }
  InstanceAnswer Drain(const DrainOrder& order) override {
    drains.push_back(order);
    return answer;
  }
  InstanceAnswer Undrain(const std::string& instance) override {
    undrained.push_back(instance);
    return answer;
  }
  uint64_t AddWatcher(std::function<void(const std::string&)> watcher) override {
    watchers_.emplace(++last_, std::move(watcher));
    return last_;
  }
  void RemoveWatcher(uint64_t id) override { watchers_.erase(id); }

  void Change(const std::string& instance) {
    const auto watchers = watchers_;  // one may remove itself
    for (const auto& [id, watcher] : watchers) watcher(instance);
  }
  size_t watchers() const { return watchers_.size(); }

  InstanceAnswer answer;
  std::vector<InstanceOrder> orders;
  std::vector<DrainOrder> drains;
  std::vector<std::string> undrained;

 private:
  std::map<uint64_t, std::function<void(const std::string&)>> watchers_;
  uint64_t last_ = 0;
};

}  // namespace ovpnbroker::server
