#include "server/drain_keeper.h"

#include <functional>
#include <utility>

#include "absl/status/statusor.h"
#include "ovpn/base/status_macros.h"

namespace ovpnbroker::server {
namespace {

constexpr char kDrainFile[] = "drains";

}  // namespace

DrainKeeper::DrainKeeper(asio::io_context& loop, const ovpn::Clock& clock, ovpn::Logger& logger,
                         InstanceDrains& drains, const std::string& directory)
    : logger_(logger),
      drains_(drains),
      file_(
          loop, clock, directory, kDrainFile,
          {.max_bytes = kMaxDrainFileBytes,
           .read = [this](absl::string_view text) -> absl::StatusOr<std::function<void()>> {
             ASSIGN_OR_RETURN(std::vector<KeptDrain> kept, ParseDrains(text));
             return [this, kept = std::move(kept)] { Restore(kept); };
           },
           .revision = [this] { return drains_.revision(); },
           .text = [this] { return StateFile::MadeText(FormatDrains(drains_.All())); },
           .on_set_aside =
               [this](const absl::Status& why, const std::string& kept_as) {
                 logger_.Error(
                     "DRAINS_SET_ASIDE",
                     "the file with the drains cannot be understood; every instance takes clients",
                     {{"file", file_.path()}, {"reason", why.message()}, {"kept_as", kept_as}});
               },
           .on_not_saved =
               [this](const absl::Status& why) {
                 logger_.Error("DRAINS_NOT_SAVED",
                               "the drains could not be written; the next broker may not know "
                               "them",
                               {{"file", file_.path()}, {"status", why.ToString()}});
               }}) {}

void DrainKeeper::Restore(const std::vector<KeptDrain>& kept) {
  for (const KeptDrain& drain : kept) {
    drains_.Restore(drain);
    logger_.Warning("DRAIN_RESTORED", "an instance takes nobody new, as before the restart",
                    {{"instance", drain.instance}, {"reason", drain.reason}});
  }
}

}  // namespace ovpnbroker::server
