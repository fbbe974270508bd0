// What a reload is to do: the changes of the configuration, what each takes, and which of them the
// broker cannot take over as things are. Decided before anything happens. Pure; any thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "server/config/finding.h"
#include "server/reload/config_diff.h"

namespace ovpnbroker::server {

enum class ReloadEffect {
  kLive,           // no child and no session is touched
  kInstanceStop,   // while the instance is stopped
  kBrokerRestart,  // not by a reload
};

struct ReloadChange {
  FieldChange field;
  ReloadEffect effect = ReloadEffect::kBrokerRestart;
  std::string instance = {};  // with kInstanceStop
  bool refused = false;       // as things are
};

// `stopped` tells whether an instance of this name has no process.
std::vector<ReloadChange> PlanReload(const config::v1::BrokerConfig& current,
                                     const config::v1::BrokerConfig& next,
                                     const std::function<bool(const std::string&)>& stopped);

// Why a refused change is refused, and what to do: for errors and logs.
std::string WhyRefused(const ReloadChange& change);

// What became of a reload.
struct ReloadReport {
  enum class Result {
    kApplied,
    kChecked,  // it was only to be checked
    kInvalid,  // the files have errors: `findings`, `errors`
    kRefused,  // some changes are refused
    kStopping,
  };
  Result result = Result::kChecked;
  std::vector<ReloadChange> changes = {};
  // Of the configuration file, warnings too; and of OpenVPN's files that are not in force.
  std::vector<Finding> findings = {};
  std::vector<std::string> errors = {};  // of rules files and of what could not be made
};

}  // namespace ovpnbroker::server
