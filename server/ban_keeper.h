// Keeps the bans in a file of the state directory: read when the broker starts, written after each
// change, on a thread of its own that holds a copy of the lines, so that the loop pays for the bans
// that changed and not for all. Changes that come while a write is under way go into one more.
// Owned by Broker; loop thread only.
//
// A file that cannot be understood is fatal: a broker that forgot its bans would let people in.
#pragma once

#include <asio/io_context.hpp>
#include <asio/thread_pool.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "ovpn/base/clock.h"
#include "ovpn/base/deadline_timer.h"
#include "ovpn/base/log.h"
#include "policy/ban_list.h"
#include "server/ban_control.h"

namespace ovpnbroker::server {

// Changes of the list since the broker started, for metrics. A ban that takes the place of an older
// one is both added and replaced.
struct BanCounts {
  uint64_t added = 0;
  uint64_t replaced = 0;
  uint64_t removed = 0;
  uint64_t expired = 0;
};

class BanKeeper final : public BanControl {
 public:
  // How often expired bans are taken out, and writes that failed are tried again.
  static constexpr std::chrono::seconds kUpkeepInterval{30};

  // All outlive this. `directory` is made when there is something to write.
  BanKeeper(asio::io_context& loop, const ovpn::Clock& clock, ovpn::Logger& logger,
            policy::BanList& bans, std::string directory);
  // Writes what is not written yet; waits for the disk.
  ~BanKeeper() override;
  BanKeeper(const BanKeeper&) = delete;
  BanKeeper& operator=(const BanKeeper&) = delete;

  // Reads the file. An error names it, and what to do.
  absl::Status Start();

  const BanCounts& counts() const { return counts_; }

  // BanControl
  const policy::BanList& list() const override { return bans_; }
  absl::Status Add(policy::Ban ban, Saved saved) override;
  std::optional<policy::Ban> Remove(const std::string& uid, Saved saved) override;

 private:
  // By uid: the ban's new line, or nullopt when it is gone.
  using Changes = std::map<std::string, std::optional<std::string>>;
  // What the file holds, for the disk's thread only.
  struct Mirror {
    std::map<std::string, std::string> lines;
    bool written = true;  // they are what is on the disk

    absl::Status Write(const std::string& directory, const std::string& path,
                       const Changes& changes);
  };

  absl::Status Load();
  void Upkeep();
  void Note(const std::string& uid, std::optional<std::string> line, Saved saved);
  void Save();
  void OnSaved(const std::vector<Saved>& waiters, const absl::Status& status);

  asio::io_context& loop_;
  const ovpn::Clock& clock_;
  ovpn::Logger& logger_;
  policy::BanList& bans_;
  const std::string directory_;
  const std::string path_;
  ovpn::DeadlineTimer timer_;
  bool saving_ = false;
  bool failing_ = false;  // told once in a row
  BanCounts counts_;
  Changes changes_;  // not handed to the disk's thread yet
  std::vector<Saved> waiters_;
  std::shared_ptr<BanKeeper*> self_ = std::make_shared<BanKeeper*>(this);
  std::shared_ptr<Mirror> mirror_ = std::make_shared<Mirror>();
  asio::thread_pool disk_{1};
};

}  // namespace ovpnbroker::server
