// What is written to OpenVPN's management socket: one command, complete and ready to send. Text for
// OpenVPN is made here and in client_auth_block, nowhere else. Plain value; any thread.
#pragma once

#include <string>

namespace ovpnbroker::ovpn {

struct Command {
  std::string name;   // for logs: "client-auth"
  std::string bytes;  // complete lines, each ended by LF; may hold a password, so never logged
  bool multi_line_reply = false;  // the reply runs until a line END; an ERROR is one line anyway
};

}  // namespace ovpnbroker::ovpn
