#include "server/session_end_keeper.h"

#include <utility>

#include "ovpn/base/status_macros.h"
#include "policy/session_end_file.h"

namespace ovpnbroker::server {
namespace {

constexpr char kSessionEndFile[] = "session-ends";

}  // namespace

SessionEndKeeper::SessionEndKeeper(asio::io_context& loop, const ovpn::Clock& clock,
                                   ovpn::Logger& logger, policy::SessionEnds& ends,
                                   const std::string& directory)
    : clock_(clock),
      logger_(logger),
      ends_(ends),
      file_(loop, clock, directory, kSessionEndFile,
            {.max_bytes = policy::kMaxSessionEndFileBytes,
             .read = [this](absl::string_view text) -> absl::StatusOr<std::function<void()>> {
               ASSIGN_OR_RETURN(std::vector<policy::SessionEnd> kept,
                                policy::ParseSessionEnds(text));
               return [this, kept = std::move(kept)] { Restore(kept); };
             },
             .revision = [this] { return ends_.revision(); },
             .text = [this] { return StateFile::MirrorText(mirror_, ends_.TakeChanges()); },
             .on_set_aside =
                 [this](const absl::Status& why, const std::string& kept_as) {
                   logger_.Error(
                       "SESSION_ENDS_SET_ASIDE",
                       "the file with the ends of sessions cannot be understood; adopted sessions "
                       "last until a renegotiation brings their limit back",
                       {{"file", file_.path()}, {"reason", why.message()}, {"kept_as", kept_as}});
                 },
             .on_not_saved =
                 [this](const absl::Status& why) {
                   logger_.Error("SESSION_ENDS_NOT_SAVED",
                                 "the ends of sessions could not be written; the next broker may "
                                 "not know them",
                                 {{"file", file_.path()}, {"status", why.ToString()}});
                 }}) {}

void SessionEndKeeper::Restore(std::vector<policy::SessionEnd> kept) {
  const size_t count = kept.size();
  ends_.Restore(std::move(kept), clock_.WallNow());
  // Now, before anybody waits for the loop: they may be many.
  mirror_->Apply(ends_.TakeChanges());
  logger_.Info("SESSION_ENDS_LOADED", "sessions of an earlier broker end when they were to end",
               {{"file", file_.path()}, {"sessions", count}});
}

}  // namespace ovpnbroker::server
