#include "server/ctl/call.h"

#include <unistd.h>

#include <iostream>
#include <string>

#include "absl/strings/str_cat.h"

namespace ovpnbroker::ctl {

bool Confirm(bool yes, const std::string& question) {
  if (yes) return true;
  if (isatty(STDIN_FILENO) != 1) {
    PrintError(absl::StrCat(question, " Say --yes to do it"));
    return false;
  }
  std::cerr << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "yes";
}

}  // namespace ovpnbroker::ctl
