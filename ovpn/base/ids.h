// The numbers and names that tie an answer to its question. Strong types: a Kid cannot be passed
// for a Cid. OpenVPN reuses CID and KID (they restart at 0/1 with each tunnel run), so anything
// that outlives one loop turn carries the whole KeyRef, or a uid that is never reused.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ovpn/base/clock.h"

namespace ovpnbroker::ovpn {

// OpenVPN's client ID (C `unsigned long`). 0 is a valid CID.
struct Cid {
  uint64_t value = 0;
  auto operator<=>(const Cid&) const = default;
};

// OpenVPN's key ID inside a CID (C `unsigned int`). 0 never names a key that waits for an answer.
struct Kid {
  uint32_t value = 0;
  auto operator<=>(const Kid&) const = default;
};

// Moves whenever OpenVPN starts numbering again: child start, SIGUSR1, SIGHUP. Unique inside one
// instance and one broker process; starts at 1.
struct Epoch {
  uint64_t value = 0;
  auto operator<=>(const Epoch&) const = default;
};

// One client of one tunnel run.
struct ClientRef {
  std::string instance;
  Epoch epoch;
  Cid cid;
  auto operator<=>(const ClientRef&) const = default;
};

// One key negotiation of one client: what a verdict is bound to.
struct KeyRef {
  ClientRef client;
  Kid kid;
  auto operator<=>(const KeyRef&) const = default;
};

// "office/1/4/1" (instance/epoch/CID/KID), for logs.
inline std::string ToString(const KeyRef& key) {
  return absl::StrCat(key.client.instance, "/", key.client.epoch.value, "/", key.client.cid.value,
                      "/", key.kid.value);
}

template <typename H>
H AbslHashValue(H h, const Cid& id) {
  return H::combine(std::move(h), id.value);
}
template <typename H>
H AbslHashValue(H h, const Kid& id) {
  return H::combine(std::move(h), id.value);
}
template <typename H>
H AbslHashValue(H h, const Epoch& id) {
  return H::combine(std::move(h), id.value);
}
template <typename H>
H AbslHashValue(H h, const ClientRef& ref) {
  return H::combine(std::move(h), ref.instance, ref.epoch, ref.cid);
}
template <typename H>
H AbslHashValue(H h, const KeyRef& ref) {
  return H::combine(std::move(h), ref.client, ref.kid);
}

// A session's name for its whole life; never reused. Text of a version 7 UUID (36 characters, sorts
// by time).
using SessionUid = std::string;
// A decision's name over all its attempts and replicas. Same form.
using DecisionId = std::string;

// A new version 7 UUID (RFC 9562) from `now`, by which it sorts to the millisecond, and the
// kernel's random bytes. Any thread.
std::string NewUuid7(WallTime now);

}  // namespace ovpnbroker::ovpn
