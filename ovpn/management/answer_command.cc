// The answers with free text in them: deny, with its ways to come back, and pending auth.
#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ovpn/management/command.h"
#include "ovpn/management/text_argument.h"

namespace ovpnbroker::ovpn::commands {
namespace {

constexpr std::chrono::seconds kMaxRetryBackoff{86400};
constexpr size_t kMaxStateIdBytes = 64;

// Client reasons that clients act on instead of showing them.
constexpr absl::string_view kReservedClientReasons[] = {"TEMP", "CRV1:", "SESSION:"};
// What a client's program understands of a page to open.
constexpr absl::string_view kWebAuthFlags[] = {"hidden", "external", "proxy"};

class Violations {
 public:
  void Add(absl::string_view field, absl::string_view description) {
    list_.push_back({std::string(field), std::string(description)});
  }
  void AddUnlessOk(absl::string_view field, const absl::Status& status) {
    if (!status.ok()) Add(field, status.message());
  }
  bool empty() const { return list_.empty(); }
  std::vector<FieldViolation> Take() { return std::move(list_); }

 private:
  std::vector<FieldViolation> list_;
};

void CheckKid(Kid kid, Violations& violations) {
  if (kid.value == 0) violations.Add("kid", "KID 0 never names a key that waits for an answer");
}

bool IsReserved(absl::string_view client_reason) {
  for (const absl::string_view prefix : kReservedClientReasons) {
    if (absl::StartsWith(client_reason, prefix)) return true;
  }
  return false;
}

bool IsStateIdByte(char byte) {
  return absl::ascii_isalnum(static_cast<unsigned char>(byte)) || byte == '-' || byte == '_' ||
         byte == '.';
}

// "R", "E", "R,E": what the client's program does with the question.
std::string QuestionFlags(bool response_required, bool echo) {
  return absl::StrCat(response_required ? "R" : "", response_required && echo ? "," : "",
                      echo ? "E" : "");
}

void CheckChallenge(const DynamicChallenge& challenge, Violations& violations) {
  if (challenge.state_id.empty() || challenge.state_id.size() > kMaxStateIdBytes ||
      !std::all_of(challenge.state_id.begin(), challenge.state_id.end(), IsStateIdByte)) {
    violations.Add("deny.challenge.state_id",
                   absl::StrCat("must be 1 to ", kMaxStateIdBytes,
                                " letters, digits, hyphens, underscores or dots"));
  }
  if (challenge.text.empty()) violations.Add("deny.challenge.text", "must not be empty");
}

// What the client reads after AUTH_FAILED.
std::string ClientReasonText(const Deny& deny, absl::string_view username) {
  if (deny.challenge.has_value()) {
    const DynamicChallenge& challenge = *deny.challenge;
    return absl::StrCat("CRV1:", QuestionFlags(challenge.response_required, challenge.echo), ":",
                        challenge.state_id, ":", absl::Base64Escape(username), ":", challenge.text);
  }
  if (!deny.retry.has_value()) return deny.client_reason;
  return absl::StrCat("TEMP[backoff ", deny.retry->backoff.count(), ",advance ",
                      deny.retry->advance ? "remote" : "no", "]:", deny.client_reason);
}

Command Make(absl::string_view name, Cid cid, Kid kid, absl::string_view arguments) {
  return {.name = std::string(name),
          .bytes = absl::StrCat(name, " ", cid.value, " ", kid.value, " ", arguments, "\n")};
}

void CheckLength(const Command& command, absl::string_view field, Violations& violations) {
  if (command.bytes.size() <= kMaxCommandLineBytes) return;
  violations.Add(field,
                 absl::StrCat("makes, with its other texts and escapes, a command of ",
                              command.bytes.size(), " bytes; at most ", kMaxCommandLineBytes));
}

// The address of a page, for a client that says it can open one.
std::string WebAuthText(const PendingAuth& step, const ClientIdentity& client,
                        Violations& violations) {
  for (const std::string& flag : step.flags) {
    if (std::find(std::begin(kWebAuthFlags), std::end(kWebAuthFlags), flag) ==
        std::end(kWebAuthFlags)) {
      violations.Add("pending_auth.flags",
                     absl::StrCat("must be of ", absl::StrJoin(kWebAuthFlags, ", ")));
    }
  }
  if (!absl::StartsWith(step.text, "https://") && !absl::StartsWith(step.text, "http://")) {
    violations.Add("pending_auth.web_auth_url", "must begin with https:// or http://");
  }
  if (client.SupportsSso("webauth")) {
    return absl::StrCat("WEB_AUTH:", absl::StrJoin(step.flags, ","), ":", step.text);
  }
  if (!client.SupportsSso("openurl")) {
    violations.Add("pending_auth.web_auth_url",
                   "the client cannot open a page: its IV_SSO names neither webauth nor openurl");
  }
  return absl::StrCat("OPEN_URL:", step.text);
}

std::string ChallengeText(const PendingAuth& step, const ClientIdentity& client,
                          Violations& violations) {
  if (!client.SupportsSso("crtext")) {
    violations.Add("pending_auth.challenge_text",
                   "the client cannot answer a question: its IV_SSO does not name crtext");
  }
  if (step.text.empty()) violations.Add("pending_auth.challenge_text", "must not be empty");
  if (!step.flags.empty()) {
    violations.Add("pending_auth.flags", "belong to web_auth_url; a question has `echo`");
  }
  return absl::StrCat("CR_TEXT:", QuestionFlags(/*response_required=*/true, step.echo), ":",
                      step.text);
}

}  // namespace

Checked<Command> ClientDeny(Cid cid, Kid kid, const Deny& deny, absl::string_view username) {
  Violations violations;
  CheckKid(kid, violations);
  violations.AddUnlessOk("deny.reason", CheckText(deny.reason));
  if (deny.retry.has_value() && (deny.retry->backoff < std::chrono::seconds::zero() ||
                                 deny.retry->backoff > kMaxRetryBackoff)) {
    violations.Add("deny.retry.backoff",
                   absl::StrCat("must be 0 to ", kMaxRetryBackoff.count(), " s"));
  }
  if (deny.retry.has_value() && deny.challenge.has_value()) {
    violations.Add("deny.challenge", "excludes deny.retry");
  }
  if (IsReserved(deny.client_reason)) {
    violations.Add("deny.client_reason",
                   "begins with TEMP, CRV1: or SESSION:, which clients act on; use deny.retry for "
                   "TEMP and deny.challenge for CRV1");
  }
  if (deny.challenge.has_value()) CheckChallenge(*deny.challenge, violations);
  const std::string client_reason = ClientReasonText(deny, username);
  violations.AddUnlessOk(deny.challenge.has_value() ? "deny.challenge.text" : "deny.client_reason",
                         CheckText(client_reason));
  if (!violations.empty()) return violations.Take();

  std::string arguments = QuoteArgument(deny.reason);
  if (!client_reason.empty()) absl::StrAppend(&arguments, " ", QuoteArgument(client_reason));
  Command command = Make("client-deny", cid, kid, arguments);
  CheckLength(command, "deny.reason", violations);
  if (!violations.empty()) return violations.Take();
  return command;
}

Checked<Command> ClientPendingAuth(Cid cid, Kid kid, const PendingAuth& step,
                                   const ClientIdentity& client, std::chrono::seconds timeout) {
  Violations violations;
  CheckKid(kid, violations);
  if (timeout <= std::chrono::seconds::zero()) {
    violations.Add("pending_auth.timeout", "the client has no time left for a further step");
  }
  const bool is_page = step.method == PendingAuth::Method::kWebAuth;
  const std::string extra =
      is_page ? WebAuthText(step, client, violations) : ChallengeText(step, client, violations);
  const absl::string_view field =
      is_page ? "pending_auth.web_auth_url" : "pending_auth.challenge_text";
  violations.AddUnlessOk(field, CheckText(extra));
  if (!violations.empty()) return violations.Take();
  Command command = Make("client-pending-auth", cid, kid,
                         absl::StrCat(QuoteArgument(extra), " ", timeout.count()));
  CheckLength(command, field, violations);
  if (!violations.empty()) return violations.Take();
  return command;
}

}  // namespace ovpnbroker::ovpn::commands
