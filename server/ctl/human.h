// Numbers as people read them. Pure; scripts use JSON.
#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <string>

namespace ovpnbroker::ctl {

// The two largest units: "42s", "5m 12s", "3h 4m", "2d 5h".
std::string HumanDuration(int64_t seconds);

// Binary units: "512 B", "1.5 KiB", "2.0 GiB".
std::string HumanBytes(uint64_t bytes);

// From `time` to now as HumanDuration; "" when `time` is not set.
std::string HumanAge(const google::protobuf::Timestamp& time);

}  // namespace ovpnbroker::ctl
