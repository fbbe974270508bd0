// What is odd about a session: too much traffic, one name that comes in again and again, one name
// in from too many places at once. Judges by session events alone. Owned by a stream, one thread at
// a time.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "ovpnbroker/policy/v1/session_event.pb.h"

// 0 switches a rule off.
struct AnomalyLimits {
  // Bytes a second, both ways together, between two counts of one session.
  uint64_t max_rate = 0;
  // Connects of one name within `connect_window` seconds.
  uint64_t max_connects = 0;
  uint64_t connect_window = 60;
  // IP addresses that one name is in from at once.
  uint64_t max_places = 0;

  bool any() const { return max_rate + max_connects + max_places > 0; }
};

class AnomalyDetector {
 public:
  explicit AnomalyDetector(AnomalyLimits limits) : limits_(limits) {}

  // Why the event's session has to end, in printable ASCII; nullopt: nothing is odd about it. Each
  // session is reported once.
  std::optional<std::string> OnEvent(const ovpnbroker::policy::v1::SessionEvent& event);

 private:
  struct Tracked {
    std::string name;
    std::string place;  // the IP address it comes from
    double count_time;  // seconds, of the last byte count
    uint64_t bytes;
    bool reported = false;
  };

  void Begin(const ovpnbroker::policy::v1::SessionEvent& event);
  std::optional<std::string> CheckRate(const ovpnbroker::policy::v1::SessionEvent& event,
                                       Tracked& session) const;
  std::optional<std::string> CheckConnects(const std::string& name, double now);
  std::optional<std::string> CheckPlaces(const std::string& name) const;

  const AnomalyLimits limits_;
  std::map<std::string, Tracked> sessions_;             // by uid
  std::map<std::string, std::deque<double>> connects_;  // by name: when it came in, of late
};
