// Bans: the deny that no policy has a say in. It is given before anybody is asked, and once more in
// place of any allow, whoever it comes from, for clients that were banned while they waited.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/engine.h"

namespace ovpnbroker::policy {
namespace {

constexpr char kBannedCode[] = "BANNED";

ovpn::Deny DenyOf(const Ban& ban) {
  return {.reason = absl::StrCat("ban ", ban.uid, ": ", ban.reason),
          .client_reason = ban.client_reason,
          .code = kBannedCode};
}

}  // namespace

const Ban* DecisionEngine::FindBan(const DecisionEntry& entry) const {
  if (bans_ == nullptr) return nullptr;
  return bans_->FindMatch(*entry.decision->request().session.identity, clock_.WallNow());
}

// Returns true when the decision has ended so.
bool DecisionEngine::DenyIfBanned(const EntryPtr& entry) {
  const Ban* ban = FindBan(*entry);
  if (ban == nullptr) return false;
  entry->banned = true;
  Finish(entry, {DenyOf(*ban), "", "", {}});
  return true;
}

// In place of an allow.
AnswerResult DecisionEngine::GiveBan(DecisionEntry& entry, const Ban& ban) {
  const ovpn::Deny deny = DenyOf(ban);
  entry.banned = true;
  if (std::exchange(entry.verdict_given, false)) {
    entry.policy->ReportOutcome(entry.id,
                                {OutcomeResult::kNotEnforced, "the client is banned", {}});
  }
  last_allows_.Forget(entry.decision->request().session.uid);
  RecordBan(deny, entry.record());
  return Settle(entry, deny, AnswerBasis::kBan);
}

void DecisionEngine::RecordBan(const ovpn::Deny& deny, DecisionRecord& record) {
  record.result = DecisionResult::kBanned;
  record.detail = deny.reason;
  record.code = deny.code;
}

}  // namespace ovpnbroker::policy
