// Which replicas a policy has: one for each address of the configuration and for each address
// behind its DNS names, and a successor for one whose stream is old. Replicas come and go here
// without disturbing what is open on the others; which of them gets a decision is ReplicaSet's
// business. Owned by a ReplicaSet; loop thread only.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "ovpn/base/deadline_timer.h"
#include "policy/stream/address_resolver.h"
#include "policy/stream/channel_factory.h"
#include "policy/stream/replica.h"

namespace ovpnbroker::policy {

class ReplicaRoster {
 public:
  // What `context` refers to outlives the roster.
  explicit ReplicaRoster(Replica::Context context);

  // Dials every address and looks every name up. INVALID_ARGUMENT, with nothing dialled, when one
  // of them is not usable.
  absl::Status Start();
  // All of them, those that end included. Indexes hold until the loop runs on.
  const std::vector<std::unique_ptr<Replica>>& all() const { return replicas_; }
  // The one to talk to at `address`; null when there is none.
  Replica* Find(absl::string_view address) const;

  // Reports of a replica.
  void OnReady(Replica& replica);
  void OnLost(Replica& replica);
  void OnAged(Replica& replica);

  // The address gets nothing new, its stream ends in good order and is not dialled until Resume.
  // NOT_FOUND when the policy has no such address.
  absl::Status DrainReplica(const std::string& address);
  absl::Status ResumeReplica(const std::string& address);
  // The same for all, for good.
  void DrainAll();
  // Ends everything at once.
  void Close();

 private:
  struct Name {
    ovpn::DnsTarget target;
    bool resolving = false;
    bool failing = false;  // and that was said
    std::vector<std::string> addresses;
  };

  void ResolveNames();
  void ResolveSoon();
  void OnResolved(Name& name, absl::StatusOr<std::vector<std::string>> addresses);
  // Makes what is wanted and missing, drains what is there and not wanted.
  void Reconcile();
  void Add(const std::string& address, const std::string& server_name);
  void SweepSoon();
  void Sweep();

  const Replica::Context context_;
  const ChannelFactory channels_;
  const std::shared_ptr<AddressResolver> resolver_;
  ovpn::DeadlineTimer resolve_timer_;
  ovpn::SteadyTime last_resolve_;
  std::vector<std::string> fixed_;
  std::vector<std::unique_ptr<Name>> names_;
  std::vector<std::unique_ptr<Replica>> replicas_;
  std::set<std::string> drained_;  // by an operator
  std::set<std::string> refused_;  // addresses of names that may not be dialled; said once
  bool stopping_ = false;
};

}  // namespace ovpnbroker::policy
