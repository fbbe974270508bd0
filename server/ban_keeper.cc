#include "server/ban_keeper.h"

#include <asio/post.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/base/atomic_file.h"
#include "ovpn/base/status_macros.h"
#include "policy/ban_file.h"

namespace ovpnbroker::server {
namespace {

constexpr char kBanFile[] = "bans";

}  // namespace

BanKeeper::BanKeeper(asio::io_context& loop, const ovpn::Clock& clock, ovpn::Logger& logger,
                     policy::BanList& bans, std::string directory)
    : loop_(loop),
      clock_(clock),
      logger_(logger),
      bans_(bans),
      directory_(std::move(directory)),
      path_(absl::StrCat(directory_, "/", kBanFile)),
      timer_(loop, [this] { Upkeep(); }) {}

BanKeeper::~BanKeeper() {
  disk_.join();
  if (changes_.empty() && mirror_->written) return;
  const absl::Status status = mirror_->Write(directory_, path_, changes_);
  if (!status.ok()) OnSaved({}, status);
}

absl::Status BanKeeper::Start() {
  const absl::Status status = Load();
  if (!status.ok()) {
    return absl::Status(
        status.code(),
        absl::StrCat(path_, ": ", status.message(),
                     "; without it nobody knows who is banned. Bring back a copy, or move the file "
                     "away to begin without bans"));
  }
  timer_.Arm(clock_.Now() + kUpkeepInterval);
  return absl::OkStatus();
}

absl::Status BanKeeper::Load() {
  const absl::StatusOr<std::string> text = ovpn::ReadWholeFile(path_, policy::kMaxBanFileBytes);
  if (absl::IsNotFound(text.status())) return absl::OkStatus();
  RETURN_IF_ERROR(text.status());
  ASSIGN_OR_RETURN(std::vector<policy::Ban> bans, policy::ParseBanFile(*text));
  for (policy::Ban& ban : bans) {
    mirror_->lines[ban.uid] = policy::FormatBan(ban);
    RETURN_IF_ERROR(bans_.Add(std::move(ban)));
  }
  if (bans_.size() != bans.size()) return absl::InvalidArgumentError("names a ban twice");
  logger_.Info("BANS_LOADED", "the bans of an earlier broker hold again",
               {{"file", path_}, {"bans", bans.size()}});
  return absl::OkStatus();
}

absl::Status BanKeeper::Add(policy::Ban ban, Saved saved) {
  const policy::Ban* old = bans_.FindSubject(ban.subject, ovpn::WallTime::min());
  const std::string replaced = old == nullptr ? "" : old->uid;
  const std::string uid = ban.uid;
  std::string line = policy::FormatBan(ban);
  RETURN_IF_ERROR(bans_.Add(std::move(ban)));
  ++counts_.added;
  if (!replaced.empty()) {
    ++counts_.replaced;
    changes_[replaced] = std::nullopt;
  }
  Note(uid, std::move(line), std::move(saved));
  return absl::OkStatus();
}

std::optional<policy::Ban> BanKeeper::Remove(const std::string& uid, Saved saved) {
  std::optional<policy::Ban> removed = bans_.Remove(uid);
  if (!removed.has_value()) return std::nullopt;
  ++counts_.removed;
  Note(uid, std::nullopt, std::move(saved));
  return removed;
}

void BanKeeper::Note(const std::string& uid, std::optional<std::string> line, Saved saved) {
  changes_[uid] = std::move(line);
  waiters_.push_back(std::move(saved));
  Save();
}

void BanKeeper::Upkeep() {
  timer_.Arm(clock_.Now() + kUpkeepInterval);
  for (const std::string& uid : bans_.Sweep(clock_.WallNow())) {
    ++counts_.expired;
    changes_[uid] = std::nullopt;
  }
  if (!changes_.empty() || failing_) Save();
}

void BanKeeper::Save() {
  if (saving_) return;
  saving_ = true;
  asio::post(disk_,
             [mirror = mirror_, directory = directory_, path = path_,
              changes = std::exchange(changes_, {}), &loop = loop_,
              waiters = std::exchange(waiters_, {}), self = std::weak_ptr<BanKeeper*>(self_)] {
               absl::Status status = mirror->Write(directory, path, changes);
               asio::post(loop, [self, waiters, status = std::move(status)] {
                 if (const auto alive = self.lock()) (*alive)->OnSaved(waiters, status);
               });
             });
}

void BanKeeper::OnSaved(const std::vector<Saved>& waiters, const absl::Status& status) {
  saving_ = false;
  if (status.ok()) {
    failing_ = false;
  } else if (!std::exchange(failing_, true)) {
    logger_.Error("BANS_NOT_SAVED",
                  "the bans could not be written; they hold, but the next broker may not know them",
                  {{"file", path_}, {"status", status.ToString()}});
  }
  for (const Saved& saved : waiters) saved(status);
  if (!changes_.empty()) Save();
}

absl::Status BanKeeper::Mirror::Write(const std::string& directory, const std::string& path,
                                      const Changes& changes) {
  for (const auto& [uid, line] : changes) {
    if (line.has_value()) {
      lines[uid] = *line;
    } else {
      lines.erase(uid);
    }
  }
  written = false;
  RETURN_IF_ERROR(ovpn::MakeStateDirectory(directory));
  RETURN_IF_ERROR(ovpn::WriteFileAtomically(path, policy::FormatBanFile(lines)));
  written = true;
  return absl::OkStatus();
}

}  // namespace ovpnbroker::server
