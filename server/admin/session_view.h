// Sessions as the admin API shows them: policy/stream's message with an etag. Pure; any thread.
#pragma once

#include <string>

#include "ovpn/types/session.h"
#include "ovpnbroker/type/v1/session.pb.h"

namespace ovpnbroker::server {

// Another text after each change but that of byte counts. Means nothing to another broker process.
std::string SessionEtag(const ovpn::Session& session);

type::v1::Session SessionToAdminProto(const ovpn::Session& session);

}  // namespace ovpnbroker::server
