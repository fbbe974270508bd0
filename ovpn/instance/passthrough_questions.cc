// Passthrough: what is asked of OpenVPN for tools, one question at a time.
#include <algorithm>
#include <iterator>
#include <map>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "ovpn/base/overloaded.h"
#include "ovpn/instance/passthrough.h"
#include "ovpn/management/status_text.h"

namespace ovpnbroker::ovpn {
namespace {

std::string ReplyText(const Reply& reply, bool multi_line) {
  if (!reply.success || !multi_line) {
    return absl::StrCat(reply.success ? "SUCCESS: " : "ERROR: ", reply.text, "\r\n");
  }
  std::string text;
  for (const std::string& line : reply.lines) absl::StrAppend(&text, line, "\r\n");
  absl::StrAppend(&text, "END\r\n");
  return text;
}

}  // namespace

bool Passthrough::IsStatus(uint64_t id) {
  const Tool* const tool = Find(id);
  return tool != nullptr && !tool->steps.empty() &&
         std::holds_alternative<StatusStep>(tool->steps.front());
}

void Passthrough::Pump() {
  std::erase_if(waiting_, [this](uint64_t id) { return Find(id) == nullptr; });
  if (!channel_.ready()) {
    const std::deque<uint64_t> stranded = std::exchange(waiting_, {});
    for (const uint64_t id : stranded) Complete(id, NotConnectedText(), true);
  } else if (!asking_) {
    const bool status_is_due = clock_.Now() >= next_status_;
    const auto next =
        std::find_if(waiting_.begin(), waiting_.end(),
                     [this, status_is_due](uint64_t id) { return status_is_due || !IsStatus(id); });
    if (next != waiting_.end()) {
      Tool& tool = *Find(*next);
      if (IsStatus(*next)) {
        AskStatus();
      } else {
        waiting_.erase(next);
        Ask(tool);
      }
    }
  }
  Rearm();
}

// For all that wait for one, whatever their format.
void Passthrough::AskStatus() {
  const auto first_status = std::stable_partition(waiting_.begin(), waiting_.end(),
                                                  [this](uint64_t id) { return !IsStatus(id); });
  std::vector<uint64_t> ids(first_status, waiting_.end());
  waiting_.erase(first_status, waiting_.end());
  next_status_ = clock_.Now() + kStatusInterval;
  asking_ = true;
  std::vector<Connection::Request> requests;
  requests.push_back(
      {commands::Status3(), [this, ids = std::move(ids)](const absl::StatusOr<Reply>& reply) {
         OnStatusAnswer(ids, reply);
       }});
  channel_.Send(std::move(requests));
}

void Passthrough::Ask(Tool& tool) {
  Command command = std::visit(Overloaded{
                                   [](const AskStep& ask) { return ask.command; },
                                   [this](const RealtimeStep& realtime) {
                                     upstream_.Set(realtime.topic, realtime.on);
                                     return commands::Realtime(realtime.topic, realtime.on);
                                   },
                                   [this](const ByteCountStep&) {
                                     upstream_.bytecount = Union().bytecount;
                                     return commands::ByteCount(upstream_.bytecount);
                                   },
                                   [](const TextStep&) { return Command(); },    // never waits
                                   [](const StatusStep&) { return Command(); },  // AskStatus
                               },
                               tool.steps.front());
  asking_ = true;
  const bool multi_line = command.multi_line_reply;
  std::vector<Connection::Request> requests;
  requests.push_back(
      {std::move(command), [this, id = tool.id, multi_line](const absl::StatusOr<Reply>& reply) {
         OnAnswer(id, multi_line, reply);
       }});
  channel_.Send(std::move(requests));
}

void Passthrough::OnAnswer(uint64_t id, bool multi_line, const absl::StatusOr<Reply>& reply) {
  asking_ = false;
  Complete(id, reply.ok() ? ReplyText(*reply, multi_line) : NotConnectedText(),
           !reply.ok() || !reply->success);
  Pump();
}

void Passthrough::OnStatusAnswer(const std::vector<uint64_t>& ids,
                                 const absl::StatusOr<Reply>& reply) {
  asking_ = false;
  std::map<int, std::string> texts;  // by format
  for (const uint64_t id : ids) {
    if (!IsStatus(id)) continue;  // it left
    int format = std::get<StatusStep>(Find(id)->steps.front()).format;
    if (format == 0) format = config_.status_version;
    if (!reply.ok()) {
      Complete(id, NotConnectedText(), true);
    } else if (!reply->success) {
      Complete(id, ReplyText(*reply, true), false);
    } else {
      const auto [text, missing] = texts.try_emplace(format);
      if (missing) text->second = StatusText(reply->lines, format);
      Complete(id, text->second, false);
    }
  }
  Pump();
}

void Passthrough::Complete(uint64_t id, const std::string& text, bool failed) {
  Tool* const tool = Find(id);
  if (tool == nullptr) return;
  tool->reply += text;
  if (failed) {
    tool->wanted = tool->granted;
    tool->steps.clear();
    Reconcile();
  } else {
    tool->granted = tool->wanted;
    tool->steps.pop_front();
  }
  Advance(*tool);
  Run(id);
}

}  // namespace ovpnbroker::ovpn
