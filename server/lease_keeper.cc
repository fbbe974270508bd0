#include "server/lease_keeper.h"

#include <algorithm>
#include <utility>

#include "ovpn/base/status_macros.h"

namespace ovpnbroker::server {
namespace {

constexpr char kLeaseFile[] = "address-leases";

}  // namespace

LeaseKeeper::LeaseKeeper(asio::io_context& loop, const ovpn::Clock& clock, ovpn::Logger& logger,
                         policy::AddressPools& pools, const std::string& directory)
    : logger_(logger),
      pools_(pools),
      file_(loop, clock, directory, kLeaseFile,
            {.max_bytes = policy::kMaxLeaseFileBytes,
             .read = [this](absl::string_view text) -> absl::StatusOr<std::function<void()>> {
               ASSIGN_OR_RETURN(std::vector<policy::KeptLease> leases, policy::ParseLeases(text));
               return [this, leases = std::move(leases)] { Restore(leases); };
             },
             .revision = [this] { return Revision(); },
             .text = [this] { return StateFile::MirrorText(mirror_, pools_.TakeLeaseChanges()); },
             .on_set_aside =
                 [this](const absl::Status& why, const std::string& kept_as) {
                   logger_.Error(
                       "LEASES_SET_ASIDE", "the file with the leases cannot be understood",
                       {{"file", file_.path()}, {"reason", why.message()}, {"kept_as", kept_as}});
                 },
             .on_not_saved =
                 [this](const absl::Status& why) {
                   logger_.Error("LEASES_NOT_SAVED",
                                 "the leases could not be written; clients may get other addresses "
                                 "after a restart",
                                 {{"file", file_.path()}, {"status", why.ToString()}});
                 }}) {}

void LeaseKeeper::Restore(std::vector<policy::KeptLease> leases) {
  // When a pool became smaller, the leases that were used last are worth most.
  std::stable_sort(leases.begin(), leases.end(), [](const auto& a, const auto& b) {
    return a.lease.last_use > b.lease.last_use;
  });
  size_t restored = 0;
  for (policy::KeptLease& kept : leases) {
    policy::AddressPool* pool = pools_.Find(kept.pool);
    if (pool != nullptr && pool->Restore(std::move(kept.lease))) ++restored;
  }
  // Now, before anybody waits for the loop: they may be many.
  mirror_->Apply(pools_.TakeLeaseChanges());
  logger_.Info(
      "LEASES_LOADED", "the leases of an earlier broker hold again",
      {{"file", file_.path()}, {"leases", restored}, {"outside_pools", leases.size() - restored}});
}

uint64_t LeaseKeeper::Revision() const {
  uint64_t revision = 0;
  for (const auto& pool : pools_.all()) revision += pool->revision();
  return revision;
}

}  // namespace ovpnbroker::server
