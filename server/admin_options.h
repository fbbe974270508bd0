// The sections of the configuration about the admin API and the decision log as options. Pure; any
// thread.
#pragma once

#include <memory>
#include <vector>

#include "ovpnbroker/config/v1/broker_config.pb.h"
#include "server/admin/access.h"
#include "server/admin/admin_listener.h"
#include "server/audit.h"
#include "server/decision_record_log.h"

namespace ovpnbroker::server {

// The operators' socket, the viewers' socket, and TCP when it is configured; TCP's callers get
// their roles from `roles`.
std::vector<ListenerOptions> MakeListenerOptions(const config::v1::AdminConfig& config,
                                                 std::shared_ptr<const Access> roles);
// Patterns that the configuration's check has refused are left out.
CertificateAccess::Grants MakeGrants(const config::v1::AdminTcpConfig& config);
RotatingFileOptions MakeAuditFileOptions(const config::v1::AuditConfig& config);

DecisionRecordLogOptions MakeDecisionLogOptions(const config::v1::DecisionLogConfig& config);

}  // namespace ovpnbroker::server
