// Passthrough: the commands of tools, from a line to its whole reply.
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "ovpn/base/overloaded.h"
#include "ovpn/instance/passthrough.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr absl::string_view kBodyEnd = "END";

std::string RealtimeText(const RealtimeStep& step) {
  return absl::StrCat("SUCCESS: real-time ", ToString(step.topic), " notification set to ",
                      step.on ? "ON" : "OFF", "\r\n");
}

std::string TooVerboseText() {
  return absl::StrCat("ERROR: 'log on' is refused while OpenVPN's verb is above ",
                      Passthrough::kMaxLogVerbosity,
                      ", since it would log about each line that it sends here; use "
                      "ovpn-brokerctl logs, or lower the verb\r\n");
}

}  // namespace

bool Passthrough::MayBegin(Tool& tool) const {
  return !tool.busy && tool.input.has_line() && tool.port->waiting_bytes() <= kPauseBytes;
}

// Goes on with a tool's lines until one has to wait: for OpenVPN, for the tool to read, for the
// rate, or for more bytes.
void Passthrough::Run(uint64_t id) {
  while (Tool* const tool = Find(id)) {
    if (tool->busy) break;
    if (!tool->input.has_line()) {
      if (tool->input_ended) {
        Leave(id);
      } else if (!std::exchange(tool->input_requested, true)) {
        tool->port->RequestInput();
      }
      break;
    }
    if (!MayBegin(*tool) || !tool->bucket.Take(clock_.Now())) break;
    Begin(*tool);
  }
  Rearm();
}

void Passthrough::Begin(Tool& tool) {
  const ToolInput::Line line = tool.input.Take();
  if (tool.block.has_value()) {
    if (line.text == kBodyEnd) Answer(tool, *std::exchange(tool.block, std::nullopt));
    return;
  }
  if (line.overlong) return Answer(tool, OverlongLineText());
  ToolCommand command = ParseToolCommand(line.text, title_);
  if (command.quit) return Leave(tool.id);
  if (!command.refused.empty()) NoteRefused(tool, command.refused);
  if (command.body_follows) {
    tool.block = std::get<TextStep>(command.steps.front()).text;
    return;
  }
  if (command.steps.empty()) return;
  tool.busy = true;
  tool.forwarded = false;
  tool.steps.assign(std::make_move_iterator(command.steps.begin()),
                    std::make_move_iterator(command.steps.end()));
  Advance(tool);
}

void Passthrough::NoteRefused(Tool& tool, const std::string& command) {
  ++counters_.refused;
  if (tool.refused++ > 0) return;
  logger_.Info("PASSTHROUGH_REFUSED",
               "a tool sent a command that the pass-through socket refuses; further ones of this "
               "tool are counted",
               {{"instance", instance_}, {"peer", tool.peer}, {"command", command}});
}

void Passthrough::Advance(Tool& tool) {
  while (!tool.steps.empty()) {
    if (!DoWithoutAsking(tool, tool.steps.front())) {
      if (channel_.ready()) {
        if (!std::exchange(tool.forwarded, true)) ++counters_.forwarded;
        waiting_.push_back(tool.id);
        return;
      }
      tool.reply += NotConnectedText();
      tool.wanted = tool.granted;
      tool.steps.clear();
      break;
    }
    tool.granted = tool.wanted;
    tool.steps.pop_front();
  }
  Finish(tool);
}

// True when the step is done: what OpenVPN notifies already need not be asked of it.
bool Passthrough::DoWithoutAsking(Tool& tool, const ToolStep& step) {
  return std::visit(
      Overloaded{
          [&](const TextStep& text) {
            tool.reply += text.text;
            return true;
          },
          [&](const RealtimeStep& realtime) {
            if (realtime.on && realtime.topic == Topic::kLog &&
                config_.verbosity > kMaxLogVerbosity) {
              tool.reply += TooVerboseText();
              return true;
            }
            tool.wanted.Set(realtime.topic, realtime.on);
            if (realtime.on && !own_.Has(realtime.topic) &&
                !(channel_.ready() && upstream_.Has(realtime.topic))) {
              return false;
            }
            Reconcile();
            tool.reply += RealtimeText(realtime);
            return true;
          },
          [&](const ByteCountStep& bytecount) {
            tool.wanted.bytecount = bytecount.interval;
            if (bytecount.interval > std::chrono::seconds::zero() &&
                (!channel_.ready() || upstream_.bytecount == std::chrono::seconds::zero() ||
                 bytecount.interval < upstream_.bytecount)) {
              return false;
            }
            Reconcile();
            tool.reply += "SUCCESS: bytecount interval changed\r\n";
            return true;
          },
          [](const AskStep&) { return false; },
          [](const StatusStep&) { return false; },
      },
      step);
}

void Passthrough::Finish(Tool& tool) {
  tool.busy = false;
  tool.active = tool.granted;
  Answer(tool, std::exchange(tool.reply, std::string()));
}

// Replies are never cut off: the next command waits until most of the last reply was read.
void Passthrough::Answer(Tool& tool, std::string text) {
  if (text.empty()) return;
  tool.unread_reply_bytes = text.size();
  tool.port->Write(std::make_shared<const std::string>(std::move(text)));
}

std::string Passthrough::NotConnectedText() const {
  return absl::StrCat("ERROR: the broker is not connected to the OpenVPN of instance ", instance_,
                      "; see ovpn-brokerctl instances, and try again\r\n");
}

}  // namespace ovpnbroker::ovpn
