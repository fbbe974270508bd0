#include "server/ctl/call.h"

#include <unistd.h>

#include <iostream>
#include <string>

namespace ovpnbroker::ctl {

bool Confirm(bool yes, const std::string& question, const std::string& without_terminal) {
  if (yes) return true;
  if (isatty(STDIN_FILENO) != 1) {
    PrintError(without_terminal);
    return false;
  }
  std::cerr << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "yes";
}

}  // namespace ovpnbroker::ctl
