#include "ovpn/management/tool_help.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr absl::string_view kCommands =
    "Commands:\n"
    "bytecount n            : Show bytes in/out of each client, at most every n secs (0=off).\n"
    "echo [on|off] [N|all]  : Like log, but only show messages in echo buffer.\n"
    "exit|quit              : Close this connection.\n"
    "help                   : Print this message.\n"
    "hold                   : Show the hold flag.\n"
    "load-stats             : Show global server load stats.\n"
    "log [on|off] [N|all]   : Turn on/off realtime log display for this connection\n"
    "                         + show last N lines or 'all' for entire history.\n"
    "mute                   : Show the log mute level.\n"
    "nclients               : Show the number of clients.\n"
    "pid                    : Show process ID of the current OpenVPN process.\n"
    "state [on|off] [N|all] : Like log, but show state history.\n"
    "status [n]             : Show current daemon status info using format #n.\n"
    "verb                   : Show the log verbosity level.\n"
    "version                : Show the version of the daemon.\n"
    "Everything that would decide, kill or change is refused here: see ovpn-brokerctl --help.\n"
    "END\n";

}  // namespace

std::string ToolHelp(absl::string_view title) {
  return absl::StrReplaceAll(absl::StrCat("Management Interface for ", title,
                                          ", passed through by ovpn-broker\n", kCommands),
                             {{"\n", "\r\n"}});
}

}  // namespace ovpnbroker::ovpn
