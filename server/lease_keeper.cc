#include "server/lease_keeper.h"

#include <algorithm>
#include <asio/post.hpp>
#include <cerrno>
#include <cstdio>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ovpn/base/atomic_file.h"
#include "policy/lease_file.h"

namespace ovpnbroker::server {

LeaseKeeper::LeaseKeeper(asio::io_context& loop, const ovpn::Clock& clock, ovpn::Logger& logger,
                         policy::AddressPools& pools, std::string path)
    : loop_(loop),
      clock_(clock),
      logger_(logger),
      pools_(pools),
      path_(std::move(path)),
      timer_(loop, [this] { SaveIfChanged(); }) {}

LeaseKeeper::~LeaseKeeper() {
  disk_.join();
  if (!started_ || Revision() == saved_revision_) return;
  const absl::Status status = ovpn::WriteFileAtomically(path_, policy::FormatLeases(pools_));
  if (!status.ok()) OnSaved(saved_revision_, status);
}

absl::Status LeaseKeeper::Start() {
  if (const absl::Status status = Load(); !status.ok()) return status;
  started_ = true;
  saved_revision_ = Revision();
  timer_.Arm(clock_.Now() + kSaveInterval);
  return absl::OkStatus();
}

absl::Status LeaseKeeper::Load() {
  const absl::StatusOr<std::string> text = ovpn::ReadWholeFile(path_, policy::kMaxLeaseFileBytes);
  if (absl::IsNotFound(text.status())) return absl::OkStatus();
  if (absl::IsResourceExhausted(text.status())) return SetAside(text.status());
  if (!text.ok()) return text.status();
  absl::StatusOr<std::vector<policy::KeptLease>> leases = policy::ParseLeases(*text);
  if (!leases.ok()) return SetAside(leases.status());

  // When a pool became smaller, the leases that were used last are worth most.
  std::stable_sort(leases->begin(), leases->end(), [](const auto& a, const auto& b) {
    return a.lease.last_use > b.lease.last_use;
  });
  size_t restored = 0;
  for (policy::KeptLease& kept : *leases) {
    policy::AddressPool* pool = pools_.Find(kept.pool);
    if (pool != nullptr && pool->Restore(std::move(kept.lease))) ++restored;
  }
  logger_.Info(
      "LEASES_LOADED", "the leases of an earlier broker hold again",
      {{"file", path_}, {"leases", restored}, {"outside_pools", leases->size() - restored}});
  return absl::OkStatus();
}

absl::Status LeaseKeeper::SetAside(const absl::Status& why) {
  const std::string aside = absl::StrCat(
      path_, ".unreadable-",
      std::chrono::duration_cast<std::chrono::seconds>(clock_.WallNow().time_since_epoch())
          .count());
  if (std::rename(path_.c_str(), aside.c_str()) != 0) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat(path_, ": ", why.message(), "; it cannot be set aside"));
  }
  logger_.Error("LEASES_SET_ASIDE", "the file with the leases cannot be understood",
                {{"file", path_}, {"reason", why.message()}, {"kept_as", aside}});
  return absl::OkStatus();
}

uint64_t LeaseKeeper::Revision() const {
  uint64_t revision = 0;
  for (const auto& pool : pools_.all()) revision += pool->revision();
  return revision;
}

void LeaseKeeper::SaveIfChanged() {
  timer_.Arm(clock_.Now() + kSaveInterval);
  const uint64_t revision = Revision();
  if (saving_ || revision == saved_revision_) return;
  saving_ = true;
  asio::post(disk_, [text = policy::FormatLeases(pools_), path = path_, revision, &loop = loop_,
                     self = std::weak_ptr<LeaseKeeper*>(self_)] {
    absl::Status status = ovpn::WriteFileAtomically(path, text);
    asio::post(loop, [self, revision, status = std::move(status)] {
      if (const auto alive = self.lock()) (*alive)->OnSaved(revision, status);
    });
  });
}

void LeaseKeeper::OnSaved(uint64_t revision, const absl::Status& status) {
  saving_ = false;
  if (status.ok()) {
    saved_revision_ = revision;
    failing_ = false;
  } else if (!std::exchange(failing_, true)) {
    logger_.Error(
        "LEASES_NOT_SAVED",
        "the leases could not be written; clients may get other addresses after a restart",
        {{"file", path_}, {"status", status.ToString()}});
  }
}

}  // namespace ovpnbroker::server
