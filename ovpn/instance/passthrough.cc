// Passthrough: tools come, are told what they asked for, and go. Their commands are in
// passthrough_commands.cc and passthrough_questions.cc.
#include "ovpn/instance/passthrough.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"

namespace ovpnbroker::ovpn {

Passthrough::Passthrough(std::string instance, PassthroughConfig config, Subscriptions own,
                         CommandChannel& channel, const Clock& clock, Logger& logger)
    : instance_(std::move(instance)),
      config_(std::move(config)),
      own_(own),
      channel_(channel),
      clock_(clock),
      logger_(logger),
      next_status_(clock.Now()),
      upstream_(own) {}

Passthrough::~Passthrough() {
  for (auto& [id, tool] : tools_) tool.port->Close();
}

Tool* Passthrough::Find(uint64_t id) {
  const auto found = tools_.find(id);
  return found == tools_.end() ? nullptr : &found->second;
}

std::optional<uint64_t> Passthrough::Add(const std::shared_ptr<ToolPort>& port,
                                         absl::string_view peer) {
  if (tools_.size() >= config_.max_clients) {
    ++counters_.turned_away;
    logger_.Warning("PASSTHROUGH_FULL", "a tool found no room on the pass-through socket",
                    {{"instance", instance_}, {"peer", peer}, {"clients", tools_.size()}});
    port->Write(std::make_shared<const std::string>(
        absl::StrCat("ERROR: this pass-through socket serves ", config_.max_clients,
                     " clients at most (passthrough.max_clients)\r\n")));
    port->CloseWhenWritten();
    return std::nullopt;
  }
  const uint64_t id = next_id_++;
  logger_.Debug("PASSTHROUGH_OPENED", "a tool connected to the pass-through socket",
                {{"instance", instance_}, {"peer", peer}, {"id", id}});
  port->Write(std::make_shared<const std::string>(
      absl::StrCat(">INFO:OpenVPN Management Interface Version ", management_version_,
                   " -- type 'help' for more info\r\n")));
  tools_.try_emplace(id, id, port, std::string(peer), clock_.Now());
  Run(id);
  return id;
}

void Passthrough::OnInput(uint64_t id, absl::string_view bytes) {
  Tool* const tool = Find(id);
  if (tool == nullptr) return;
  tool->input_requested = false;
  tool->input.Append(bytes);
  Run(id);
  Pump();
}

void Passthrough::OnInputEnd(uint64_t id) {
  Tool* const tool = Find(id);
  if (tool == nullptr) return;
  tool->input_ended = true;
  Run(id);
  Pump();
}

void Passthrough::OnWritten(uint64_t id) {
  Run(id);
  Pump();
}

void Passthrough::OnGone(uint64_t id) {
  if (Find(id) != nullptr) Forget(id);
  Rearm();
}

void Passthrough::OnDeadline() {
  std::vector<uint64_t> ids;
  ids.reserve(tools_.size());
  for (const auto& [id, tool] : tools_) ids.push_back(id);
  for (const uint64_t id : ids) Run(id);
  Pump();
}

void Passthrough::Leave(uint64_t id) {
  if (Tool* const tool = Find(id); tool != nullptr) tool->port->CloseWhenWritten();
  Forget(id);
}

void Passthrough::Forget(uint64_t id) {
  const auto found = tools_.find(id);
  if (found == tools_.end()) return;
  logger_.Debug("PASSTHROUGH_CLOSED", "a tool left the pass-through socket",
                {{"instance", instance_},
                 {"peer", found->second.peer},
                 {"id", id},
                 {"refused_commands", found->second.refused}});
  tools_.erase(found);
  Reconcile();
}

void Passthrough::Cut(uint64_t id) {
  const Tool* const tool = Find(id);
  ++counters_.cut;
  logger_.Warning("PASSTHROUGH_CUT", "a tool does not read what it asked for and is cut off",
                  {{"instance", instance_},
                   {"peer", tool->peer},
                   {"id", id},
                   {"waiting_bytes", tool->port->waiting_bytes()}});
  tool->port->Close();
  Forget(id);
}

void Passthrough::OnReady(const Greeting& greeting) {
  management_version_ = greeting.management_version;
  title_ = greeting.openvpn_version_text;
  for (auto& [id, tool] : tools_) tool.ForgetCounts();
  // What a new connection is prepared with.
  upstream_ = own_;
  Reconcile();
  Pump();
}

void Passthrough::OnMessage(const Message& message) {
  if (tools_.empty()) return;
  NoteEpoch(message);
  const std::optional<NotificationKind> kind = KindOf(message);
  if (!kind.has_value()) return;
  if (*kind == NotificationKind::kClient && !config_.client_notifications) return;

  std::shared_ptr<const std::string> text;  // made once, and only when somebody wants it
  std::vector<uint64_t> slow;
  for (auto& [id, tool] : tools_) {
    if (!tool.Wants(*kind, message, upstream_.bytecount, clock_.Now())) continue;
    if (text == nullptr) text = std::make_shared<const std::string>(NotificationText(message));
    const size_t waiting = tool.port->waiting_bytes();
    if (waiting == 0) tool.unread_reply_bytes = 0;
    if (waiting + text->size() > config_.max_output_bytes + tool.unread_reply_bytes) {
      slow.push_back(id);
    } else {
      tool.port->Write(text);
    }
  }
  for (const uint64_t id : slow) Cut(id);
}

void Passthrough::NoteEpoch(const Message& message) {
  if (const auto* event = std::get_if<ClientEvent>(&message)) {
    const auto* gone = std::get_if<ClientDisconnect>(event);
    if (gone == nullptr) return;
    for (auto& [id, tool] : tools_) tool.ForgetCounts(gone->cid);
  } else if (std::holds_alternative<Hold>(message)) {
    for (auto& [id, tool] : tools_) tool.ForgetCounts();
  }
}

Subscriptions Passthrough::Union() const {
  Subscriptions all = own_;
  for (const auto& [id, tool] : tools_) all.Join(tool.wanted);
  return all;
}

void Passthrough::Reconcile() {
  if (!channel_.ready()) return;
  const Subscriptions all = Union();
  if (all == upstream_) return;
  std::vector<Connection::Request> requests;
  const auto add = [&](Command command) {
    // A refusal is logged by the connection; a loss starts it all over.
    requests.push_back({std::move(command), [](const absl::StatusOr<Reply>&) {}});
  };
  for (const Topic topic : {Topic::kLog, Topic::kEcho}) {
    if (all.Has(topic) != upstream_.Has(topic)) add(commands::Realtime(topic, all.Has(topic)));
  }
  if (all.bytecount != upstream_.bytecount) add(commands::ByteCount(all.bytecount));
  upstream_ = all;
  channel_.Send(std::move(requests));
}

void Passthrough::Rearm() {
  if (!on_deadline_) return;
  const SteadyTime now = clock_.Now();
  std::optional<SteadyTime> next;
  const auto consider = [&next](SteadyTime time) {
    next = next.has_value() ? std::min(*next, time) : time;
  };
  for (auto& [id, tool] : tools_) {
    if (MayBegin(tool)) consider(now + tool.bucket.Wait(now));
  }
  if (!asking_ &&
      std::any_of(waiting_.begin(), waiting_.end(), [this](uint64_t id) { return IsStatus(id); })) {
    consider(next_status_);
  }
  on_deadline_(next);
}

}  // namespace ovpnbroker::ovpn
