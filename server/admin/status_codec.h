// The broker's plain status values as the messages of the admin API. Sessions have theirs in
// policy/stream/session_codec. Pure; any thread.
#pragma once

#include "ovpnbroker/admin/v1/broker_service.pb.h"
#include "ovpnbroker/admin/v1/instance_service.pb.h"
#include "ovpnbroker/admin/v1/kill.pb.h"
#include "ovpnbroker/admin/v1/policy_admin_service.pb.h"
#include "server/broker_control.h"

namespace ovpnbroker::server {

admin::v1::Broker BrokerToProto(const BrokerStatus& status);
admin::v1::Instance InstanceToProto(const InstanceStatus& status);
admin::v1::Policy PolicyToProto(const PolicyStatus& status);
admin::v1::KillResult KillResultToProto(const KillResult& result);

}  // namespace ovpnbroker::server
