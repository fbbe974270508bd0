// The admin section of the configuration as the options of the admin server. Pure; any thread.
#pragma once

#include <memory>
#include <vector>

#include "ovpnbroker/config/v1/broker_config.pb.h"
#include "server/admin/access.h"
#include "server/admin/admin_listener.h"
#include "server/audit.h"

namespace ovpnbroker::server {

// The operators' socket, the viewers' socket, and TCP when it is configured; TCP's callers get
// their roles from `roles`.
std::vector<ListenerOptions> MakeListenerOptions(const config::v1::AdminConfig& config,
                                                 std::shared_ptr<const Access> roles);
// Patterns that the configuration's check has refused are left out.
CertificateAccess::Grants MakeGrants(const config::v1::AdminTcpConfig& config);
AuditFileOptions MakeAuditFileOptions(const config::v1::AuditConfig& config);

}  // namespace ovpnbroker::server
