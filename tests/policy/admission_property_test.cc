// Whatever clients do, no address is ever with two of them: random connects, reconnects, kills,
// denials and disconnects, with addresses from the pool, named by the policy and given by OpenVPN.
#include <map>
#include <random>
#include <set>

#include "gtest/gtest.h"
#include "tests/policy/admission_fixture.h"

namespace ovpnbroker::policy {
namespace {

class AdmissionPropertyTest : public AdmissionTest {
 protected:
  struct Client {
    std::string name;
    std::string instance;
    std::string address;
  };

  // Two live sessions may share an address only while OpenVPN is about to replace the older one.
  void CheckNoAddressTwice() {
    std::map<std::string, const Client*> taken;
    for (const auto& [cid, client] : clients_) {
      if (client.address.empty()) continue;
      const bool pooled = client.address.starts_with("10.8.0.");
      const std::string key = pooled ? client.address : client.instance + client.address;
      const auto [other, is_new] = taken.emplace(key, &client);
      if (is_new) continue;
      ASSERT_EQ(other->second->name, client.name) << client.address;
      ASSERT_EQ(other->second->instance, client.instance) << client.address;
      ASSERT_EQ(client.instance, "office") << "branch has duplicate-cn";
    }
  }

  std::map<uint64_t, Client> clients_;
};

TEST_F(AdmissionPropertyTest, AnySequence_NeverGivesAnAddressTwice) {
  std::mt19937 random(7);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same run every time
  admission_.SetReplaceBy("branch", ReplaceBy::kNothing);
  const std::vector<std::string> addresses = {"10.8.0.10", "10.8.0.11", "10.8.5.5", "10.8.5.6"};
  uint64_t next_cid = 0;
  int admitted = 0;
  for (int step = 0; step < 30000; ++step) {
    clock_.Advance(1s);
    const auto pick = [&]() {
      return std::next(clients_.begin(), static_cast<long>(random() % clients_.size()));
    };
    const auto action = random() % 10;
    if (action < 5 || clients_.empty()) {
      const std::string name = absl::StrCat("user", random() % 4);
      const std::string instance = random() % 2 == 0 ? "office" : "branch";
      const ovpn::Allow allow =
          random() % 2 == 0 ? FromPool() : Named(addresses[random() % addresses.size()]);
      const auto cid = ++next_cid;
      const std::string address = Address(Connect(cid, name, allow, instance));
      if (address != "?") {
        ++admitted;
        clients_[cid] = {name, instance, address};
      }
    } else if (action < 7) {  // killed; DISCONNECT comes later
      const auto client = pick();
      Report(client->first, client->second.name, ovpn::SessionState::kEnding,
             client->second.instance);
    } else {
      const auto client = pick();
      Report(client->first, client->second.name, ovpn::SessionState::kEnded,
             client->second.instance);
      clients_.erase(client);
    }
    CheckNoAddressTwice();
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(admitted, 1000);
  for (const auto& [cid, client] : clients_) {
    Report(cid, client.name, ovpn::SessionState::kEnded, client.instance);
  }
  EXPECT_EQ(admission_.pools().Find("staff")->Stats().held, 0U);
}

}  // namespace
}  // namespace ovpnbroker::policy
