// Whether a running OpenVPN is what its files say: it reads them when it starts, and who edits them
// later and restarts nothing is served by the old ones. Blocking file reads; any thread.
#pragma once

#include <string>
#include <vector>

#include "ovpn/base/clock.h"

namespace ovpnbroker::ovpn {

// Of the configuration and the files that its `config` directives name, those that were written or
// replaced after `time`, in the order of reading. Parameters as for CheckOpenvpnConfig.
std::vector<std::string> ConfigFilesWrittenAfter(WallTime time, const std::string& config_file,
                                                 const std::string& working_directory);

}  // namespace ovpnbroker::ovpn
