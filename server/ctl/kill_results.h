// What became of sessions that were to end, as a table.
#pragma once

#include <google/protobuf/repeated_ptr_field.h>

#include "ovpnbroker/admin/v1/kill.pb.h"
#include "server/ctl/command.h"

namespace ovpnbroker::ctl {

void PrintKillResults(const GlobalOptions& global,
                      const google::protobuf::RepeatedPtrField<admin::v1::KillResult>& results);

}  // namespace ovpnbroker::ctl
