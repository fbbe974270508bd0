// Numbers as people read them. Pure; scripts use JSON.
#pragma once

#include <google/protobuf/duration.pb.h>
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

// "0.25 ms", "16.0 ms", "1250.0 ms".
std::string HumanMillis(const google::protobuf::Duration& duration);

// "2026-11-24 18:47:29 UTC".
std::string HumanTime(const google::protobuf::Timestamp& time);

}  // namespace ovpnbroker::ctl
