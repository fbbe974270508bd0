#include "server/ctl/call.h"

#include <termios.h>
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

bool ReadSecret(const std::string& prompt, std::string& secret) {
  termios shown{};
  const bool terminal = tcgetattr(STDIN_FILENO, &shown) == 0;
  if (terminal) {
    std::cerr << prompt << std::flush;
    termios hidden = shown;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  }
  const bool read = static_cast<bool>(std::getline(std::cin, secret));
  if (terminal) {
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    std::cerr << "\n";
  }
  return read;
}

}  // namespace ovpnbroker::ctl
