#include "policy/stream/replica_roster.h"

#include <algorithm>
#include <asio/post.hpp>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ovpn/base/status_macros.h"

namespace ovpnbroker::policy {
namespace {

// A stream's loss may mean that the addresses have changed; looking them up faster helps nobody.
constexpr ovpn::Duration kMinResolveInterval = std::chrono::seconds(1);

}  // namespace

ReplicaRoster::ReplicaRoster(Replica::Context context)
    : context_(std::move(context)),
      channels_(context_.options),
      resolver_(context_.options.resolver != nullptr
                    ? context_.options.resolver
                    : std::make_shared<SystemResolver>(context_.loop)),
      resolve_timer_(context_.loop, [this] {
        const std::shared_ptr<void> keep_alive = context_.owner.lock();
        ResolveNames();
      }) {}

absl::Status ReplicaRoster::Start() {
  std::vector<std::string> fixed;
  for (const std::string& address : context_.options.addresses) {
    if (absl::StartsWith(address, ovpn::kDnsScheme)) {
      ASSIGN_OR_RETURN(ovpn::DnsTarget target, ovpn::ParseDnsTarget(address));
      names_.push_back(std::make_unique<Name>(Name{.target = std::move(target), .addresses = {}}));
    } else {
      RETURN_IF_ERROR(channels_.Make(address, "").status());
      fixed.push_back(address);
    }
  }
  fixed_ = std::move(fixed);
  Reconcile();
  ResolveNames();
  return absl::OkStatus();
}

Replica* ReplicaRoster::Find(absl::string_view address) const {
  Replica* found = nullptr;
  for (const auto& replica : replicas_) {
    if (replica->address() != address) continue;
    if (found == nullptr || replica->ready()) found = replica.get();
  }
  return found;
}

void ReplicaRoster::OnReady(Replica& replica) {
  // Its predecessor has done its work.
  for (const auto& other : replicas_) {
    if (other.get() != &replica && other->address() == replica.address() && !other->leaving()) {
      ++context_.counters.rotations;
      other->Drain("the stream is replaced by a new one");
    }
  }
  SweepSoon();
}

void ReplicaRoster::OnLost(Replica& replica) {
  const bool has_successor =
      std::any_of(replicas_.begin(), replicas_.end(), [&replica](const auto& other) {
        return other.get() != &replica && other->address() == replica.address() &&
               !other->leaving();
      });
  if (has_successor && !replica.leaving()) replica.Drain("the stream is replaced by a new one");
  SweepSoon();
  ResolveSoon();
}

void ReplicaRoster::OnAged(Replica& replica) {
  if (stopping_ || replica.leaving()) return;
  const size_t live = static_cast<size_t>(
      std::count_if(replicas_.begin(), replicas_.end(), [&replica](const auto& other) {
        return other->address() == replica.address() && !other->leaving();
      }));
  if (live == 1) Add(replica.address(), replica.server_name());
}

void ReplicaRoster::ResolveNames() {
  if (stopping_ || names_.empty()) return;
  last_resolve_ = context_.clock.Now();
  resolve_timer_.Arm(last_resolve_ + context_.options.dns_refresh);
  for (const auto& name : names_) {
    if (std::exchange(name->resolving, true)) continue;
    resolver_->Resolve(name->target, [this, owner = context_.owner, &name = *name](auto addresses) {
      const std::shared_ptr<void> keep_alive = owner.lock();
      if (keep_alive != nullptr) OnResolved(name, std::move(addresses));
    });
  }
}

void ReplicaRoster::ResolveSoon() {
  if (stopping_ || names_.empty()) return;
  resolve_timer_.Arm(std::max(context_.clock.Now(), last_resolve_ + kMinResolveInterval));
}

void ReplicaRoster::OnResolved(Name& name, absl::StatusOr<std::vector<std::string>> addresses) {
  name.resolving = false;
  if (stopping_) return;
  const ovpn::LogField policy("policy", context_.options.name);
  if (!addresses.ok()) {
    ++context_.counters.failed_lookups;
    if (std::exchange(name.failing, true)) return;
    context_.logger.Warning("POLICY_NAME_NOT_RESOLVED",
                            "a policy's name could not be looked up; its last addresses stay",
                            {policy,
                             {"name", name.target.name},
                             {"error", addresses.status().message()},
                             {"addresses", name.addresses.size()}});
    return;
  }
  if (addresses->size() > StreamLimits::kMaxAddressesOfName) {
    addresses->resize(StreamLimits::kMaxAddressesOfName);
  }
  name.failing = false;
  if (name.addresses == *addresses) return;
  name.addresses = *std::move(addresses);
  context_.logger.Info(
      "POLICY_NAME_RESOLVED", "a policy's name has new addresses",
      {policy, {"name", name.target.name}, {"addresses", absl::StrJoin(name.addresses, " ")}});
  Reconcile();
}

void ReplicaRoster::Reconcile() {
  std::map<std::string, std::string> wanted;  // address, to the name in its certificate
  std::vector<std::string> order;
  const auto want = [this, &wanted, &order](const std::string& address, const std::string& name) {
    if (drained_.count(address) == 0 && wanted.emplace(address, name).second) {
      order.push_back(address);
    }
  };
  for (const std::string& address : fixed_) want(address, "");
  for (const auto& name : names_) {
    for (const std::string& address : name->addresses) want(address, name->target.name);
  }
  std::set<std::string> present;
  for (const auto& replica : replicas_) {
    if (!replica->leaving()) present.insert(replica->address());
  }
  for (const std::string& address : order) {
    if (present.count(address) == 0) Add(address, wanted.at(address));
  }
  for (size_t i = 0; i < replicas_.size(); ++i) {
    Replica& replica = *replicas_[i];
    if (wanted.count(replica.address()) == 0 && !replica.leaving()) {
      replica.Drain("the address is not one of the policy's any more");
    }
  }
  SweepSoon();
}

void ReplicaRoster::Add(const std::string& address, const std::string& server_name) {
  auto channel = channels_.Make(address, server_name);
  if (!channel.ok()) {
    if (!refused_.insert(address).second) return;
    context_.logger.Warning(
        "POLICY_ADDRESS_REFUSED", "an address behind a policy's name is not dialled",
        {{"policy", context_.options.name}, {"error", channel.status().message()}});
    return;
  }
  replicas_.push_back(
      std::make_unique<Replica>(context_, address, server_name, *std::move(channel)));
  replicas_.back()->Start();
}

absl::Status ReplicaRoster::DrainReplica(const std::string& address) {
  Replica* const known = Find(address);
  if (known == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("the policy ", context_.options.name, " has no replica at ", address));
  }
  drained_.insert(address);
  for (const auto& replica : replicas_) {
    if (replica->address() == address) replica->Drain("drained by an operator");
  }
  return absl::OkStatus();
}

absl::Status ReplicaRoster::ResumeReplica(const std::string& address) {
  if (drained_.erase(address) == 0) {
    return absl::NotFoundError(absl::StrCat("no replica at ", address, " is drained"));
  }
  Reconcile();
  return absl::OkStatus();
}

void ReplicaRoster::DrainAll() {
  stopping_ = true;
  resolve_timer_.Arm(std::nullopt);
  for (const auto& replica : replicas_)
    replica->Drain("the broker has no more decisions for this policy");
}

void ReplicaRoster::Close() {
  stopping_ = true;
  resolve_timer_.Arm(std::nullopt);
  for (const auto& replica : replicas_) replica->Abandon();
}

// Posted: a replica may be in the middle of its own event.
void ReplicaRoster::SweepSoon() {
  if (stopping_) return;
  asio::post(context_.loop, [this, owner = context_.owner] {
    const std::shared_ptr<void> keep_alive = owner.lock();
    if (keep_alive != nullptr) Sweep();
  });
}

// One that an operator drained stays, so that it is seen.
void ReplicaRoster::Sweep() {
  if (stopping_) return;
  std::erase_if(replicas_, [this](const std::unique_ptr<Replica>& replica) {
    return replica->closed() && drained_.count(replica->address()) == 0;
  });
}

}  // namespace ovpnbroker::policy
