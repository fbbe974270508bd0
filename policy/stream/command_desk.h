// Carries out what a policy asks for unasked: checks it, limits its rate, and does it once however
// often it is repeated. One for all replicas of a policy, so that a command which is repeated on a
// new stream is known. Owned by the ReplicaSet; loop thread only.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "google/rpc/status.pb.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/ids.h"
#include "ovpn/base/log.h"
#include "ovpn/base/token_bucket.h"
#include "ovpnbroker/policy/v1/command.pb.h"
#include "policy/stream/stream_options.h"

namespace ovpnbroker::policy {

class CommandDesk {
 public:
  using Answer = std::function<void(const google::rpc::Status&)>;

  // `options.sessions` is not null; all references outlive the desk.
  CommandDesk(const StreamPolicyOptions& options, const ovpn::Clock& clock, ovpn::Logger& logger);

  // Calls `answer` once, perhaps before it returns, unless the desk goes first. `replica` is for
  // the log.
  void Execute(const v1::Command& command, const std::string& replica, Answer answer);

 private:
  // A command that is under way or was carried out. Refused ones are not kept: they may be repeated
  // with success.
  struct Entry {
    bool done = false;
    std::vector<Answer> waiting;
  };

  std::optional<google::rpc::Status> Check(const v1::Command& command);
  std::optional<google::rpc::Status> Resolve(const ovpn::SessionUid& uid) const;
  void OnEnded(const std::string& command_id, const absl::Status& status);
  void ForgetOld();
  void Remember(const std::string& command_id);
  void Log(const v1::Command& command, const std::string& replica,
           const google::rpc::Status& status);

  const StreamPolicyOptions& options_;
  const ovpn::Clock& clock_;
  ovpn::Logger& logger_;
  ovpn::TokenBucket bucket_;
  bool limited_ = false;  // said once for each time the bucket runs empty
  absl::flat_hash_map<std::string, Entry> entries_;
  std::deque<std::pair<ovpn::SteadyTime, std::string>> order_;  // of those that are done
  // Callbacks of kills that are under way find out through it that the desk is gone.
  const std::shared_ptr<CommandDesk*> self_ = std::make_shared<CommandDesk*>(this);
};

}  // namespace ovpnbroker::policy
