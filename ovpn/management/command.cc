#include "ovpn/management/command.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ovpn/base/append_decimal.h"
#include "ovpn/base/status_macros.h"
#include "ovpn/management/decimal.h"
#include "ovpn/management/text_argument.h"
#include "ovpn/types/ip.h"

namespace ovpnbroker::ovpn::commands {
namespace {

constexpr absl::string_view kBlockEnd = "END\n";
// CID and KID, each with the blank before it.
constexpr size_t kMaxKeyBytes = 32;
// What a kick says behind them.
constexpr size_t kMaxKickBytes = 25;

Command Make(absl::string_view name, absl::string_view arguments = "") {
  return {.name = std::string(name),
          .bytes = absl::StrCat(name, arguments.empty() ? "" : " ", arguments, "\n")};
}

Command MakeMultiLine(absl::string_view name, absl::string_view arguments = "") {
  Command command = Make(name, arguments);
  command.multi_line_reply = true;
  return command;
}

absl::Status CheckKid(Kid kid) {
  if (kid.value != 0) return absl::OkStatus();
  return absl::InvalidArgumentError("KID 0 never names a key that waits for an answer");
}

// The beginning of a command about a key, "client-auth 5 1", with room for `rest` bytes behind it.
Command BeginForKey(absl::string_view name, Cid cid, Kid kid, size_t rest) {
  Command command{.name = std::string(name), .bytes = ""};
  command.bytes.reserve(name.size() + kMaxKeyBytes + rest);
  command.bytes.append(command.name).push_back(' ');
  AppendDecimal(cid.value, command.bytes);
  command.bytes.push_back(' ');
  AppendDecimal(kid.value, command.bytes);
  return command;
}

absl::string_view SignalName(ManagementSignal signal) {
  switch (signal) {
    case ManagementSignal::kTerm:
      return "SIGTERM";
    case ManagementSignal::kHup:
      return "SIGHUP";
    case ManagementSignal::kUsr1:
      return "SIGUSR1";
    case ManagementSignal::kUsr2:
      return "SIGUSR2";
  }
  return "SIGTERM";
}

}  // namespace

Command EnvFilter(int level) { return Make("env-filter", absl::StrCat(level)); }
Command StateOn() { return Make("state", "on"); }
Command State() { return MakeMultiLine("state"); }
Command ByteCount(std::chrono::seconds interval) {
  return Make("bytecount", absl::StrCat(interval.count()));
}
Command Version() { return MakeMultiLine("version"); }
Command Status3() { return MakeMultiLine("status", "3"); }
Command HoldRelease() { return Make("hold", "release"); }
Command Pid() { return Make("pid"); }
Command Signal(ManagementSignal signal) { return Make("signal", SignalName(signal)); }

absl::StatusOr<Command> Password(const Secret& password) {
  if (password.empty()) return absl::InvalidArgumentError("the management password is empty");
  RETURN_IF_ERROR(CheckText(password.Reveal(), kMaxCommandLineBytes - 1));
  return Command{.name = "password", .bytes = absl::StrCat(password.Reveal(), "\n")};
}

absl::StatusOr<Command> ClientAuthNt(Cid cid, Kid kid) {
  RETURN_IF_ERROR(CheckKid(kid));
  Command command = BeginForKey("client-auth-nt", cid, kid, 1);
  command.bytes.push_back('\n');
  return command;
}

absl::StatusOr<Command> ClientAuth(Cid cid, Kid kid, const ClientAuthBlock& block) {
  RETURN_IF_ERROR(CheckKid(kid));
  size_t size = 1 + kBlockEnd.size();
  for (const std::string& line : block.lines()) size += line.size() + 1;
  Command command = BeginForKey("client-auth", cid, kid, size);
  command.bytes.push_back('\n');
  for (const std::string& line : block.lines()) command.bytes.append(line).push_back('\n');
  command.bytes.append(kBlockEnd.data(), kBlockEnd.size());
  return command;
}

absl::StatusOr<Command> PromptKick(Cid cid, Kid kid, std::chrono::seconds timeout) {
  RETURN_IF_ERROR(CheckKid(kid));
  if (timeout <= std::chrono::seconds::zero()) {
    return absl::InvalidArgumentError("a pending-auth timeout must be positive");
  }
  Command command = BeginForKey("client-pending-auth", cid, kid, kMaxKickBytes);
  command.bytes.append(" \"\" ");
  AppendDecimal(timeout.count(), command.bytes);
  command.bytes.push_back('\n');
  return command;
}

absl::StatusOr<Command> ClientKill(Cid cid, KillDisposition disposition,
                                   absl::string_view message) {
  if (absl::StartsWith(message, "[")) {
    return absl::InvalidArgumentError("message: must not begin with [, where clients read flags");
  }
  const std::string text = absl::StrCat(disposition == KillDisposition::kHalt ? "HALT" : "RESTART",
                                        message.empty() ? "" : ",", message);
  if (const absl::Status status = CheckText(text); !status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("message: ", status.message()));
  }
  return Make("client-kill", absl::StrCat(cid.value, " ", QuoteArgument(text)));
}

absl::StatusOr<Command> KillAddress(absl::string_view real_address) {
  const size_t colon = real_address.rfind(':');
  if (colon == absl::string_view::npos) return absl::InvalidArgumentError("no port in the address");
  ASSIGN_OR_RETURN(const IpAddress ip, IpAddress::Parse(real_address.substr(0, colon)));
  if (!ip.is_v4()) return absl::InvalidArgumentError("OpenVPN kills by IPv4 addresses only");
  const auto port = ParseDecimal<uint16_t>(real_address.substr(colon + 1));
  if (port.value_or(0) == 0) return absl::InvalidArgumentError("the port must be 1 to 65535");
  return Make("kill", absl::StrCat(ip.ToString(), ":", *port));
}

}  // namespace ovpnbroker::ovpn::commands
