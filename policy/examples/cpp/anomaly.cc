#include "anomaly.h"

#include <set>

namespace {

using ovpnbroker::policy::v1::SessionEvent;

std::string NameOf(const SessionEvent& event) {
  const auto& session = event.session();
  return session.username().empty() ? session.common_name() : session.username();
}

// "192.0.2.7:50123" and "[2001:db8::7]:50123" without the port.
std::string PlaceOf(const SessionEvent& event) {
  const std::string& address = event.session().real_address();
  return address.substr(0, address.rfind(':'));
}

double TimeOf(const SessionEvent& event) {
  return static_cast<double>(event.event_time().seconds()) + event.event_time().nanos() / 1e9;
}

uint64_t BytesOf(const SessionEvent& event) {
  return event.session().received_bytes() + event.session().sent_bytes();
}

}  // namespace

std::optional<std::string> AnomalyDetector::OnEvent(const SessionEvent& event) {
  const std::string& uid = event.session().uid();
  switch (event.kind()) {
    case SessionEvent::KIND_CURSOR_LOST:
      sessions_.clear();
      return std::nullopt;
    case SessionEvent::KIND_DISCONNECTED:
      sessions_.erase(uid);
      return std::nullopt;
    case SessionEvent::KIND_SNAPSHOT:  // nobody knows when it came
      Begin(event);
      return std::nullopt;
    case SessionEvent::KIND_ESTABLISHED:
    case SessionEvent::KIND_TRAFFIC:
      break;
    default:
      return std::nullopt;
  }

  std::optional<std::string> odd;
  const bool is_new = event.kind() == SessionEvent::KIND_ESTABLISHED;
  const bool known = sessions_.count(uid) > 0;
  if (!known) Begin(event);
  Tracked& session = sessions_.at(uid);
  if (is_new && !known) {
    odd = CheckConnects(session.name, session.count_time);
    if (!odd.has_value()) odd = CheckPlaces(session.name);
  } else if (!is_new && known) {
    odd = CheckRate(event, session);
  }
  if (session.reported) return std::nullopt;
  session.reported = odd.has_value();
  return odd;
}

void AnomalyDetector::Begin(const SessionEvent& event) {
  sessions_[event.session().uid()] = {NameOf(event), PlaceOf(event), TimeOf(event), BytesOf(event)};
}

std::optional<std::string> AnomalyDetector::CheckRate(const SessionEvent& event,
                                                      Tracked& session) const {
  const double seconds = TimeOf(event) - session.count_time;
  const uint64_t bytes = BytesOf(event);
  if (seconds <= 0 || bytes < session.bytes) return std::nullopt;  // an older count
  const auto rate = static_cast<uint64_t>(static_cast<double>(bytes - session.bytes) / seconds);
  session.count_time += seconds;
  session.bytes = bytes;
  if (limits_.max_rate == 0 || rate <= limits_.max_rate) return std::nullopt;
  return "odd traffic: " + std::to_string(rate) + " bytes a second";
}

std::optional<std::string> AnomalyDetector::CheckConnects(const std::string& name, double now) {
  if (limits_.max_connects == 0) return std::nullopt;
  std::deque<double>& times = connects_[name];
  times.push_back(now);
  while (now - times.front() >= static_cast<double>(limits_.connect_window)) times.pop_front();
  // Enough to tell that there are too many; more would be kept for nothing.
  if (times.size() > limits_.max_connects + 1) times.pop_front();
  if (times.size() <= limits_.max_connects) return std::nullopt;
  return "odd connects: more than " + std::to_string(limits_.max_connects) + " in " +
         std::to_string(limits_.connect_window) + " s";
}

std::optional<std::string> AnomalyDetector::CheckPlaces(const std::string& name) const {
  if (limits_.max_places == 0) return std::nullopt;
  std::set<std::string> places;
  for (const auto& [uid, session] : sessions_) {
    if (session.name == name && !session.reported) places.insert(session.place);
  }
  if (places.size() <= limits_.max_places) return std::nullopt;
  return "odd places: in from " + std::to_string(places.size()) + " addresses at once";
}
