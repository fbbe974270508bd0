#include "server/policy_sim/simulation.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace ovpnbroker::policy_sim {
namespace {

using std::chrono::duration_cast;

// With nothing to do it looks again this often.
constexpr std::chrono::seconds kIdle{1};
constexpr char kPlainDeny[] = "AUTH_FAILED";
constexpr char kNoSuchClient[] = "ERROR: client-id not found\r\n";

// The second quoted word of `client-deny CID KID "reason" "client reason"`.
std::string ClientReasonOf(const std::string& line) {
  const std::vector<std::string> parts = absl::StrSplit(line, '"');
  return parts.size() > 3 && !parts[3].empty() ? parts[3] : kPlainDeny;
}

// The address of an ifconfig-push line; otherwise one of the server's own pool.
std::string AddressOf(const std::vector<std::string>& body, uint64_t cid) {
  for (const std::string& line : body) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    if (words.size() > 1 && words[0] == "ifconfig-push") return words[1];
  }
  const uint64_t n = cid + 2;
  return absl::StrCat("10.", 128 + (n >> 16) % 128, ".", (n >> 8) & 0xff, ".", n & 0xff);
}

// IPv6 addresses and networks behind the client, which OpenVPN learns too.
std::vector<std::string> OtherAddressesOf(const std::vector<std::string>& body) {
  std::vector<std::string> others;
  for (const std::string& line : body) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    if (words.size() > 2 && words[0] == "iroute") {
      others.push_back(absl::StrCat(words[1], "/", words[2], ",0"));
    } else if (words.size() > 1 && words[0] == "iroute-ipv6") {
      others.push_back(absl::StrCat(words[1], ",0"));
    } else if (words.size() > 1 && words[0] == "ifconfig-ipv6-push") {
      others.push_back(absl::StrCat(words[1].substr(0, words[1].find('/')), ",1"));
    }
  }
  return others;
}

int64_t UnixTime(const ovpn::Clock& clock) {
  return duration_cast<std::chrono::seconds>(clock.WallNow().time_since_epoch()).count();
}

}  // namespace

Simulation::Simulation(const ovpn::Clock& clock, SimulationOptions options,
                       std::function<void(const std::string&)> say)
    : clock_(clock), options_(std::move(options)), say_(std::move(say)) {
  for (size_t i = 0; i < options_.kinds.size(); ++i) {
    kinds_.insert(kinds_.end(), options_.kinds[i].weight, i);
  }
}

const ClientKind& Simulation::NextKind() {
  return options_.kinds[kinds_[counts_.arrived % kinds_.size()]];
}

void Simulation::Later(ovpn::Duration delay, uint64_t cid,
                       void (Simulation::*act)(Clients::iterator)) {
  agenda_.emplace(clock_.Now() + delay, [this, cid, act] {
    const auto client = clients_.find(cid);
    if (client != clients_.end()) (this->*act)(client);
  });
}

ovpn::SteadyTime Simulation::NextDeadline() const {
  return agenda_.empty() ? clock_.Now() + kIdle : agenda_.begin()->first;
}

void Simulation::OnDeadline() {
  const ovpn::SteadyTime now = clock_.Now();
  while (!agenda_.empty() && agenda_.begin()->first <= now) {
    const std::function<void()> act = std::move(agenda_.begin()->second);
    agenda_.erase(agenda_.begin());
    act();
  }
}

// --- what clients do ---------------------------------------------------------------------------

void Simulation::Arrive() {
  const ClientKind& kind = NextKind();
  const uint64_t cid = counts_.arrived++;
  Client client{&kind, MakeClient(kind, cid), State::kAsking, 1, "", {}, clock_.Now(), {}, 0};
  say_(ClientNotification("CONNECT", client.identity, absl::StrCat(client.kid)));
  clients_.emplace(cid, std::move(client));
  if (counts_.arrived == options_.clients) return;
  // From the start, so that a late turn is made up for.
  const std::chrono::duration<double> since_start(static_cast<double>(counts_.arrived) /
                                                  options_.rate);
  agenda_.emplace(*start_ + duration_cast<ovpn::Duration>(since_start), [this] { Arrive(); });
}

void Simulation::Establish(Clients::iterator client) {
  Client& who = client->second;
  who.established = clock_.Now();
  who.established_unix = UnixTime(clock_);
  std::string text = absl::StrCat(">CLIENT:ADDRESS,", client->first, ",", who.address, ",1\r\n");
  for (const std::string& other : who.others) {
    absl::StrAppend(&text, ">CLIENT:ADDRESS,", client->first, ",", other, "\r\n");
  }
  say_(text + ClientNotification("ESTABLISHED", who.identity, ""));
  if (options_.stay.count() > 0) {
    Later(duration_cast<ovpn::Duration>(options_.stay), client->first, &Simulation::Leave);
  }
  if (options_.renegotiate.count() > 0) {
    Later(duration_cast<ovpn::Duration>(options_.renegotiate), client->first,
          &Simulation::Renegotiate);
  }
}

void Simulation::Renegotiate(Clients::iterator client) {
  Client& who = client->second;
  if (who.state != State::kIn) return;
  who.state = State::kRenegotiating;
  say_(ClientNotification("REAUTH", who.identity, absl::StrCat(++who.kid)));
}

void Simulation::Leave(Clients::iterator client) {
  ++counts_.left;
  End(client);
}

void Simulation::End(Clients::iterator client) {
  say_(ClientNotification("DISCONNECT", client->second.identity, ""));
  clients_.erase(client);
}

uint64_t Simulation::BytesOf(const Client& client) const {
  const std::chrono::duration<double> in = clock_.Now() - client.established;
  return static_cast<uint64_t>(in.count() * static_cast<double>(client.kind->bytes_per_second));
}

void Simulation::CountBytes() {
  std::string lines;
  for (const auto& [cid, client] : clients_) {
    if (client.state == State::kAsking) continue;
    const uint64_t bytes = BytesOf(client);
    absl::StrAppend(&lines, ">BYTECOUNT_CLI:", cid, ",", bytes, ",", bytes, "\r\n");
  }
  if (!lines.empty()) say_(lines);
}

// --- what the broker says ----------------------------------------------------------------------

std::optional<std::string> Simulation::OnCommand(const std::string& line,
                                                 const std::vector<std::string>& body) {
  const std::vector<std::string> words = absl::StrSplit(line, ' ');
  if (words[0] == "hold") {
    if (!start_.has_value()) {
      start_ = clock_.Now();
      agenda_.emplace(*start_, [this] {
        say_(absl::StrCat(">STATE:", UnixTime(clock_), ",CONNECTED,SUCCESS,10.128.0.1,,,,\r\n"));
        Arrive();
      });
    }
    return std::nullopt;
  }
  if (words[0] == "status") return Status();
  int64_t seconds = 0;
  if (words[0] == "bytecount" && words.size() > 1 && absl::SimpleAtoi(words[1], &seconds)) {
    // By itself again and again; a second command would add a second row, which OpenVPN's counts
    // do not do, and the broker sends one a connection.
    struct Again {
      Simulation* self;
      std::chrono::seconds interval;
      void operator()() const {
        self->CountBytes();
        self->agenda_.emplace(self->clock_.Now() + interval, *this);
      }
    };
    if (seconds > 0) {
      agenda_.emplace(clock_.Now() + std::chrono::seconds(seconds),
                      Again{this, std::chrono::seconds(seconds)});
    }
    return std::nullopt;
  }
  uint64_t cid = 0;
  if (!absl::StartsWith(words[0], "client-") || words.size() < 2 ||
      !absl::SimpleAtoi(words[1], &cid)) {
    return std::nullopt;
  }
  const auto client = clients_.find(cid);
  if (client == clients_.end()) return kNoSuchClient;
  if (words[0] == "client-kill") {
    ++counts_.killed;
    Later({}, cid, &Simulation::End);
  } else if (words[0] == "client-pending-auth") {
    PutStep(client, line);
  } else {
    return Answer(client, words[0] != "client-deny", line, body);
  }
  return absl::StrCat("SUCCESS: ", words[0], " command succeeded\r\n");
}

std::string Simulation::Answer(Clients::iterator client, bool allow, const std::string& line,
                               const std::vector<std::string>& body) {
  Client& who = client->second;
  std::string success =
      absl::StrCat("SUCCESS: ", line.substr(0, line.find(' ')), " command succeeded\r\n");
  if (who.state == State::kIn) return "ERROR: client-auth command failed\r\n";
  if (who.state == State::kRenegotiating) {
    ++(allow ? counts_.renegotiated : counts_.refused);
    who.state = State::kIn;
    if (!allow) {
      Later({}, client->first, &Simulation::End);
    } else {
      Later(duration_cast<ovpn::Duration>(options_.renegotiate), client->first,
            &Simulation::Renegotiate);
    }
    return success;
  }
  latencies_.push_back(static_cast<uint64_t>(
      duration_cast<std::chrono::microseconds>(clock_.Now() - who.asked).count()));
  if (!allow) {
    ++counts_.denied;
    ++counts_.reasons[ClientReasonOf(line)];
    Later({}, client->first, &Simulation::End);
    return success;
  }
  ++counts_.allowed;
  who.state = State::kIn;
  who.established = clock_.Now();
  who.address = AddressOf(body, client->first);
  who.others = OtherAddressesOf(body);
  Later({}, client->first, &Simulation::Establish);
  return success;
}

// An empty text only wakes a client that has its answer.
void Simulation::PutStep(Clients::iterator client, const std::string& line) {
  Client& who = client->second;
  if (who.state != State::kAsking || absl::StrContains(line, " \"\" ")) return;
  ++counts_.steps;
  if (who.kind->response.empty() || !absl::StrContains(line, "CR_TEXT")) return;
  std::string response;
  absl::Base64Escape(who.kind->response, &response);
  const uint64_t cid = client->first;
  agenda_.emplace(clock_.Now(), [this, cid, response] {
    const auto asked = clients_.find(cid);
    if (asked == clients_.end() || asked->second.state != State::kAsking) return;
    say_(ClientNotification("CR_RESPONSE", asked->second.identity,
                            absl::StrCat(asked->second.kid, ",", response)));
  });
}

std::string Simulation::Status() const {
  std::string text = absl::StrCat(
      "TITLE\tOpenVPN 2.6.14 simulated\r\nTIME\t2026-01-01 00:00:00\t", UnixTime(clock_),
      "\r\nHEADER\tCLIENT_LIST\tCommon Name\tReal Address\tVirtual Address\tVirtual IPv6 Address\t"
      "Bytes Received\tBytes Sent\tConnected Since\tConnected Since (time_t)\tUsername\tClient "
      "ID\tPeer ID\tData Channel Cipher\r\n");
  for (const auto& [cid, client] : clients_) {
    if (client.state == State::kAsking) continue;
    const ClientIdentity& who = client.identity;
    const uint64_t bytes = BytesOf(client);
    absl::StrAppend(&text, "CLIENT_LIST\t", who.common_name, "\t", who.real_ip, ":", who.real_port,
                    "\t", client.address, "\t\t", bytes, "\t", bytes, "\t2026-01-01 00:00:00\t");
    absl::StrAppend(&text, client.established_unix, "\t",
                    who.username.empty() ? "UNDEF" : who.username, "\t", cid, "\t", cid,
                    "\tAES-256-GCM\r\n");
  }
  return absl::StrCat(text, "END\r\n");
}

Report Simulation::report() const {
  Report report = counts_;
  for (const auto& [cid, client] : clients_)
    ++(client.state == State::kAsking ? report.waiting : report.in);
  // A client that was killed while it asked gets no answer any more, nor waits for one.
  report.done = report.arrived == options_.clients && report.waiting == 0;
  SetLatencies(latencies_, report);
  return report;
}

}  // namespace ovpnbroker::policy_sim
