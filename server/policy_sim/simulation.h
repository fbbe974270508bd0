// The clients of a simulated OpenVPN server: they arrive at a rate, ask, get in or do not,
// renegotiate, move bytes and leave. A state machine on a Clock: text comes in by OnCommand and
// goes out by `say`; whoever owns it calls OnDeadline. Single-threaded.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ovpn/base/clock.h"
#include "server/policy_sim/client_lines.h"
#include "server/policy_sim/options.h"
#include "server/policy_sim/report.h"

namespace ovpnbroker::policy_sim {

class Simulation {
 public:
  // `say` sends to the controller, after all that was said before. `clock` outlives this.
  Simulation(const ovpn::Clock& clock, SimulationOptions options,
             std::function<void(const std::string&)> say);

  // The whole reply to a command; nullopt: none that is about clients. What follows from the
  // command is said at the next OnDeadline, which NextDeadline then asks for at once.
  std::optional<std::string> OnCommand(const std::string& line,
                                       const std::vector<std::string>& body);
  ovpn::SteadyTime NextDeadline() const;
  void OnDeadline();

  Report report() const;

 private:
  enum class State { kAsking, kIn, kRenegotiating };
  struct Client {
    const ClientKind* kind;
    ClientIdentity identity;
    State state = State::kAsking;
    uint32_t kid = 0;
    std::string address;              // in the tunnel
    std::vector<std::string> others;  // further ones, as ADDRESS names them: "NETWORK/MASK,0"
    ovpn::SteadyTime asked;
    ovpn::SteadyTime established;
    int64_t established_unix = 0;
  };
  using Clients = std::map<uint64_t, Client>;

  // Done at its time; nothing when the client has gone by then.
  void Later(ovpn::Duration delay, uint64_t cid, void (Simulation::*act)(Clients::iterator));
  void Arrive();
  void Renegotiate(Clients::iterator client);
  void Leave(Clients::iterator client);
  void End(Clients::iterator client);
  void Establish(Clients::iterator client);
  void CountBytes();

  std::string Answer(Clients::iterator client, bool allow, const std::string& line,
                     const std::vector<std::string>& body);
  void PutStep(Clients::iterator client, const std::string& line);
  std::string Status() const;
  uint64_t BytesOf(const Client& client) const;
  const ClientKind& NextKind();

  const ovpn::Clock& clock_;
  const SimulationOptions options_;
  const std::function<void(const std::string&)> say_;
  Clients clients_;
  std::multimap<ovpn::SteadyTime, std::function<void()>> agenda_;
  std::optional<ovpn::SteadyTime> start_;  // hold release
  std::vector<size_t> kinds_;              // by weight, taken in turns
  std::vector<uint64_t> latencies_;
  Report counts_;
};

}  // namespace ovpnbroker::policy_sim
