// What 100,000 sessions cost: memory of everything that the broker keeps of an established client
// beyond what it keeps of its last decisions, and the time to list all of them in pages as the
// admin API does.
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/address_pools.h"
#include "policy/lease_mirror.h"
#include "policy/session_end_mirror.h"
#include "tests/bench/ratio.h"
#include "tests/bench/sample_connect.h"
#include "tests/bench/wire_broker.h"

namespace ovpnbroker::bench {
namespace {

constexpr uint64_t kSessions = 100'000;
constexpr size_t kPage = 1000;
// The engine remembers so many ended decisions at most, whatever the sessions; they are made before
// the count begins.
constexpr uint64_t kWarmUp = 20'000;

// Of this process, in memory now: what the allocator keeps for itself is paid for as well.
size_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  size_t size_pages = 0;
  size_t resident_pages = 0;
  if (!(statm >> size_pages >> resident_pages)) {
    std::cerr << "/proc/self/statm cannot be read\n";
    std::exit(EXIT_FAILURE);
  }
  return resident_pages * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

double Milliseconds(ovpn::Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

// One client from CONNECT to ESTABLISHED, with OpenVPN's replies.
void Connect(WireBroker& broker, uint64_t cid) {
  broker.Feed(MakeConnectBytes(cid));
  broker.output().clear();
  broker.Feed(absl::StrCat("SUCCESS: client-auth command succeeded\r\n",
                           "SUCCESS: client-pending-auth command succeeded\r\n", ">CLIENT:ADDRESS,",
                           cid, ",10.8.0.20,1\r\n>CLIENT:ESTABLISHED,", cid,
                           "\r\n>CLIENT:ENV,END\r\n"));
}

// Times of the pages, in milliseconds.
std::vector<double> ListInPages(const ovpn::SessionTable& table, size_t& listed) {
  std::vector<double> times;
  ovpn::SessionUid after;
  for (size_t in_page = kPage; in_page == kPage;) {
    const ovpn::SteadyTime start = std::chrono::steady_clock::now();
    std::vector<ovpn::Session> page;
    table.Visit(after, [&page](const ovpn::SessionEntry& entry) {
      page.push_back(entry.session);
      return page.size() < kPage;
    });
    in_page = page.size();
    listed += in_page;
    if (!page.empty()) after = page.back().uid;
    times.push_back(Milliseconds(std::chrono::steady_clock::now() - start));
  }
  return times;
}

// A write every 2 s at the most decisions that one OpenVPN asks for.
constexpr uint64_t kChangedSessions = 1400;

// A file of the state directory goes to the disk as a whole; the loop pays for what changed.
template <typename TakeChanges, typename Mirror>
void InformOfWrite(absl::string_view what, TakeChanges take_changes, Mirror& mirror) {
  const ovpn::SteadyTime start = std::chrono::steady_clock::now();
  auto changes = take_changes();
  const ovpn::SteadyTime handed_over = std::chrono::steady_clock::now();
  mirror.Apply(std::move(changes));
  const std::string text = mirror.Text();
  const ovpn::SteadyTime end = std::chrono::steady_clock::now();
  Inform(absl::StrCat("writing ", what, ": the loop, ", kChangedSessions, " changes"),
         Milliseconds(handed_over - start), "ms");
  Inform(absl::StrCat("the same: the disk's thread, ", text.size() / 1024, " KiB of text"),
         Milliseconds(end - handed_over), "ms");
}

void InformOfSessionEnds() {
  const ovpn::WallTime now = std::chrono::system_clock::now();
  policy::SessionEnds ends;
  policy::SessionEndMirror mirror;
  const auto limit = [&](uint64_t cid) {
    ovpn::Session session;
    session.uid = absl::StrCat("session-", cid);
    session.client = {"office", ovpn::Epoch{1}, ovpn::Cid{cid}};
    session.create_time = now;
    ends.Set(session, now + std::chrono::hours(8));
  };
  for (uint64_t cid = 0; cid < kSessions; ++cid) limit(cid);
  mirror.Apply(ends.TakeChanges());
  for (uint64_t i = 0; i < kChangedSessions; ++i) limit(i * (kSessions / kChangedSessions));
  InformOfWrite(
      "the ends of 100,000 limited sessions", [&ends] { return ends.TakeChanges(); }, mirror);
}

void InformOfLeases() {
  const ovpn::WallTime now = std::chrono::system_clock::now();
  policy::AddressPoolOptions options;
  options.name = "staff";
  options.max_leases = kSessions;
  options.ipv4 = {*ovpn::IpPrefix::Parse("10.0.0.0/8"),
                  *policy::AddressRange::Parse("10.1.0.0-10.10.0.0"),
                  *ovpn::IpAddress::Parse("10.0.0.1")};
  policy::AddressPools pools({options});
  policy::LeaseMirror mirror;
  const auto give = [&](uint64_t user) {
    const auto nobody = [](const policy::AddressLease&) { return false; };
    if (!pools.all().front()->Give(absl::StrCat("cn=client-", user), now, nobody).ok()) {
      std::abort();  // the pool has room for all
    }
  };
  for (uint64_t user = 0; user < kSessions; ++user) give(user);
  mirror.Apply(pools.TakeLeaseChanges());
  for (uint64_t i = 0; i < kChangedSessions; ++i) give(i * (kSessions / kChangedSessions));
  InformOfWrite("100,000 leases", [&pools] { return pools.TakeLeaseChanges(); }, mirror);
}

int Main() {
  auto broker = std::make_unique<WireBroker>();
  for (uint64_t cid = 0; cid < kWarmUp; ++cid) Connect(*broker, cid);
  const size_t before = ResidentBytes();
  for (uint64_t cid = kWarmUp; cid < kWarmUp + kSessions; ++cid) Connect(*broker, cid);
  const double bytes = static_cast<double>(ResidentBytes() - before) / kSessions;

  const ovpn::SessionTable& table = broker->sessions();
  size_t established = 0;
  table.Visit("", [&established](const ovpn::SessionEntry& entry) {
    if (entry.session.state == ovpn::SessionState::kEstablished) ++established;
    return true;
  });
  size_t listed = 0;
  const ovpn::SteadyTime start = std::chrono::steady_clock::now();
  const std::vector<double> pages = ListInPages(table, listed);
  const double total = Milliseconds(std::chrono::steady_clock::now() - start);
  if (established != kWarmUp + kSessions || listed != established) {
    std::cerr << "not every session is established and listed\n";
    return EXIT_FAILURE;
  }
  Inform("all 120,000 sessions listed in pages of 1000", total, "ms");
  Inform("slowest page", Percentile(pages, 1), "ms");
  InformOfSessionEnds();
  InformOfLeases();
  Report({"memory of one of 100,000 sessions", bytes / 1024, Ratio::Bound::kAtMost, 2,
          "none: absolute", "KiB"});
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace ovpnbroker::bench

int main() { return ovpnbroker::bench::Main(); }
