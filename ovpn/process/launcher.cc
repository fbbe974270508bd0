#include "ovpn/process/launcher.h"

#include <string.h>

#include "absl/strings/str_cat.h"

namespace ovpnbroker::ovpn {

std::string ExitStatus::ToString() const {
  if (exited) return absl::StrCat("exited with code ", code);
  if (signal == 0) return "ended with unknown status";
  const char* description = sigdescr_np(signal);
  return absl::StrCat("killed by signal ", signal, " (",
                      description == nullptr ? "unknown" : description, ")");
}

}  // namespace ovpnbroker::ovpn
