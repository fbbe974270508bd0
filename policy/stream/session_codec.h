// ovpn::Session as the message that policies and operators see. Pure; any thread.
#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include "ovpn/base/clock.h"
#include "ovpn/types/session.h"
#include "ovpnbroker/type/v1/session.pb.h"

namespace ovpnbroker::policy {

// Text that a client can influence is cut to 1024 bytes and made valid UTF-8. `etag` stays empty.
type::v1::Session SessionToProto(const ovpn::Session& session);
// The same into an empty message, wherever its memory is.
void SessionToProto(const ovpn::Session& session, type::v1::Session& message);

google::protobuf::Timestamp TimestampToProto(ovpn::WallTime time);
// `duration` >= 0.
google::protobuf::Duration DurationToProto(ovpn::Duration duration);

}  // namespace ovpnbroker::policy
