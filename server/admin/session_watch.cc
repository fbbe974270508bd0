#include "server/admin/session_watch.h"

#include <algorithm>
#include <asio/post.hpp>
#include <chrono>
#include <optional>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "ovpn/base/deadline_timer.h"
#include "policy/stream/session_codec.h"
#include "server/admin/rpc_error.h"
#include "server/admin/session_filter.h"
#include "server/admin/session_view.h"

namespace ovpnbroker::server {
namespace {

namespace v1 = admin::v1;
using Response = v1::WatchSessionsResponse;

// Sessions that one watcher may be behind.
constexpr size_t kMaxPending = 10'000;
// Messages handed to one watcher at a time; the next ones follow when these have been taken.
constexpr size_t kBatch = 64;
// A watcher whose filter lets nothing through gets a newer token after this many entries, and every
// watcher hears something at least this often.
constexpr int64_t kProgressEntries = 1024;
constexpr std::chrono::seconds kProgressInterval{30};

std::string Token(const policy::SessionJournal& journal, int64_t sequence) {
  return absl::StrCat(journal.epoch(), ".", sequence);
}

// The entry that `token` names; nullopt when the journal cannot go on from there.
std::optional<int64_t> FindToken(const policy::SessionJournal& journal, const std::string& token) {
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(token, '.');
  int64_t sequence = 0;
  const bool ours = parts.first == journal.epoch() && absl::SimpleAtoi(parts.second, &sequence);
  if (!ours || !journal.Holds(sequence)) return std::nullopt;
  return sequence;
}

}  // namespace

std::string WatchTokenAt(const policy::SessionJournal& journal) {
  return Token(journal, journal.last_sequence());
}

// One watcher. Lives until its call ends.
class SessionWatch final : public std::enable_shared_from_this<SessionWatch> {
 public:
  // `after`: the entry that the watcher has seen; nullopt: it wants the sessions as they are.
  SessionWatch(AdminContext& context, SessionFilter filter, std::optional<int64_t> after,
               SessionWatches::Call call)
      : loop_(context.loop),
        broker_(context.broker),
        filter_(std::move(filter)),
        call_(std::move(call)),
        listing_(!after.has_value()),
        told_(after.value_or(journal().last_sequence())),
        read_(told_),
        timer_(loop_, [this] { OnTimer(); }) {}

  void Begin() {
    const auto self = shared_from_this();
    call_->SetListener([self] { self->Pump(); }, [self] { self->timer_.Arm(std::nullopt); });
    if (call_->ended()) return;
    ArmTimer();
    Pump();
  }

  void Wake() {
    if (std::exchange(woken_, true)) return;
    asio::post(loop_, [self = shared_from_this()] {
      self->woken_ = false;
      self->Pump();
    });
  }

 private:
  policy::SessionJournal& journal() const { return broker_.session_journal(); }

  void Pump() {
    if (call_->ended()) return;
    if (!ReadJournal()) return Cut();
    if (call_->waiting() > 0) return;  // on_drained goes on
    if (listing_) return WriteCurrent();
    if (!WriteChanges()) return Cut();
    if (changes_.empty() && read_ - told_ >= kProgressEntries) WriteProgress();
  }

  void Cut() {
    call_->Cut(ReaderTooSlow("sessions", "WATCHER_TOO_SLOW",
                             "more has happened than is remembered for this watcher; begin again"));
  }

  // Notes what there is to tell. False when something was missed, or it is too much.
  bool ReadJournal() {
    if (!journal().Holds(read_)) return false;
    while (const policy::JournalEntry* entry = journal().After(read_)) {
      read_ = entry->sequence;
      const auto* record = std::get_if<policy::SessionRecord>(&entry->what);
      if (record == nullptr || !filter_.Matches(record->session)) continue;
      auto [latest, is_new] = latest_.try_emplace(record->session.uid, read_);
      if (!is_new) changes_.erase(std::exchange(latest->second, read_));
      changes_.emplace(read_, record->session.uid);
    }
    return changes_.size() <= kMaxPending;
  }

  void WriteCurrent() {
    size_t count = 0;
    bool complete = true;
    broker_.VisitSessions(visited_, [&](const ovpn::Session& session) {
      if (count == kBatch) return complete = false;
      visited_ = session.uid;
      if (session.state == ovpn::SessionState::kEnded || !filter_.Matches(session)) return true;
      Response response;
      response.set_kind(Response::KIND_CURRENT);
      *response.mutable_session() = SessionToAdminProto(session);
      call_->Write(std::move(response));
      ++count;
      return true;
    });
    if (!complete) return;
    listing_ = false;
    WriteToken(Response::KIND_CURRENT_COMPLETE, told_);
  }

  // False when the journal has moved past a change.
  bool WriteChanges() {
    for (size_t i = 0; i < kBatch && !changes_.empty(); ++i) {
      const auto first = changes_.begin();
      const policy::JournalEntry* entry =
          journal().Holds(first->first - 1) ? journal().After(first->first - 1) : nullptr;
      if (entry == nullptr) return false;
      const auto& session = std::get<policy::SessionRecord>(entry->what).session;
      Response response;
      response.set_kind(session.state == ovpn::SessionState::kEnded ? Response::KIND_ENDED
                                                                    : Response::KIND_CHANGED);
      *response.mutable_session() = SessionToAdminProto(session);
      *response.mutable_time() = policy::TimestampToProto(entry->time);
      // What is older has been told, or its session has something newer to tell.
      told_ = entry->sequence;
      response.set_watch_token(Token(journal(), told_));
      call_->Write(std::move(response));
      latest_.erase(first->second);
      changes_.erase(first);
    }
    return true;
  }

  void WriteProgress() {
    told_ = read_;
    WriteToken(Response::KIND_PROGRESS, told_);
  }

  void WriteToken(Response::Kind kind, int64_t sequence) {
    Response response;
    response.set_kind(kind);
    response.set_watch_token(Token(journal(), sequence));
    call_->Write(std::move(response));
  }

  void OnTimer() {
    if (call_->ended()) return;
    ArmTimer();
    if (!listing_ && changes_.empty() && call_->waiting() == 0) WriteProgress();
  }
  void ArmTimer() { timer_.Arm(std::chrono::steady_clock::now() + kProgressInterval); }

  asio::io_context& loop_;
  BrokerControl& broker_;
  const SessionFilter filter_;
  const SessionWatches::Call call_;
  bool listing_;              // the sessions as they are have not all been told
  ovpn::SessionUid visited_;  // by the list, up to here
  int64_t told_;              // the watcher knows all entries up to here
  int64_t read_;              // and these have been looked at
  bool woken_ = false;
  absl::btree_map<int64_t, ovpn::SessionUid> changes_;  // to be told, by the entry's number
  absl::flat_hash_map<ovpn::SessionUid, int64_t> latest_;
  ovpn::DeadlineTimer timer_;
};

void SessionWatches::Begin(AdminContext& context, const v1::WatchSessionsRequest& request,
                           const Call& call) {
  policy::SessionJournal& journal = context.broker.session_journal();
  auto filter = SessionFilter::Parse(request.filter());
  if (!filter.ok()) {
    return call->Finish(InvalidField("filter", "FILTER_INVALID", filter.status().message()));
  }
  if (filter->NamesWhatChanges()) {
    return call->Finish(InvalidField("filter", "FILTER_INVALID",
                                     "a watch has no filter by state or policy: they change"));
  }
  std::optional<int64_t> after;
  if (!request.watch_token().empty()) {
    after = FindToken(journal, request.watch_token());
    if (!after.has_value()) {
      return call->Finish(RpcError(grpc::StatusCode::OUT_OF_RANGE, "WATCH_TOKEN_EXPIRED",
                                   "the token is of another run of the broker, or too much has "
                                   "happened since; list again",
                                   {{"watch_token", request.watch_token()}}));
    }
  }
  if (!std::exchange(subscribed_, true)) subscription_ = journal.Subscribe([this] { OnAppend(); });
  const auto watch = std::make_shared<SessionWatch>(context, *std::move(filter), after, call);
  watches_.push_back(watch);
  watch->Begin();
}

void SessionWatches::OnAppend() {
  std::erase_if(watches_, [](const std::weak_ptr<SessionWatch>& watch) { return watch.expired(); });
  for (const auto& watch : watches_) {
    if (const auto alive = watch.lock()) alive->Wake();
  }
}

}  // namespace ovpnbroker::server
