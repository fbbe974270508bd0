// Random verdicts, good and bad: whatever compiles does in OpenVPN what it says.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/support/command_properties.h"

namespace ovpnbroker::ovpn {
namespace {

constexpr int kRounds = 5000;

class RandomVerdicts {
 public:
  explicit RandomVerdicts(uint32_t seed) : random_(seed) {}

  ClientConfig Config() {
    ClientConfig config;
    if (OneIn(3)) config.ifconfig_push = IfconfigPush{Address(), Address()};
    if (OneIn(3)) {
      config.ifconfig_ipv6_push = IfconfigIpv6Push{Address(), Number(60, 128), {}};
      if (OneIn(2)) config.ifconfig_ipv6_push->remote = Address();
    }
    for (int i = Number(0, 2); i > 0; --i) config.routes.push_back(RandomRoute());
    for (int i = Number(0, 2); i > 0; --i) config.iroutes.push_back(Network());
    for (int i = Number(0, 2); i > 0; --i) config.dns.push_back(Address());
    if (OneIn(4)) config.search_domains.push_back(Pick({"example.com", "a b", "", "x_y.z"}));
    if (OneIn(4)) {
      config.redirect_gateway = RedirectGateway{{Pick({"def1", "ipv6", "!ipv4", "def1 x"})}};
    }
    config.push_reset = OneIn(4);
    if (OneIn(4)) config.push_remove.push_back(Pick({"route", "ifconfig", "route-", "a \" b", ""}));
    for (int i = Number(0, 2); i > 0; --i) config.push_options.push_back(Line());
    if (OneIn(3)) config.raw_directives.push_back(Line());
    return config;
  }

  Deny RandomDeny() {
    Deny deny;
    deny.reason = Text(300);
    deny.client_reason = Text(OneIn(2) ? 20 : 300);
    if (OneIn(3)) deny.retry = RetryHint{std::chrono::seconds(Number(-1, 100)), OneIn(2)};
    return deny;
  }

 private:
  int Number(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  bool OneIn(int n) { return Number(1, n) == 1; }
  std::string Pick(const std::vector<std::string>& choices) {
    return choices[static_cast<size_t>(Number(0, static_cast<int>(choices.size()) - 1))];
  }

  IpAddress Address() {
    return IpAddress::Parse(Pick({"10.8.0.2", "255.255.255.0", "10.8.0.3", "fd00::2", "fd00::3",
                                  "2001:db8::1", OneIn(5) ? "::ffff:10.0.0.1" : "10.9.9.9"}))
        .value();
  }
  IpPrefix Network() {
    return IpPrefix::Parse(Pick({"10.0.0.0/8", "192.168.7.1/32", "fd00::/48", "::/0"})).value();
  }
  Route RandomRoute() {
    Route route{Network(), {}, {}};
    if (OneIn(3)) route.gateway = Address();
    if (OneIn(3)) route.metric = static_cast<uint32_t>(Number(0, 10'100));
    return route;
  }

  // Mostly printable, with what matters to a lexer, and now and then a control byte.
  std::string Text(int max_size) {
    static const std::string kAlphabet = "abc XY019 \"'\\#;<>-._\xc3\xbc\xff";
    std::string text;
    for (int i = Number(0, max_size); i > 0; --i) {
      text.push_back(
          OneIn(2000)
              ? static_cast<char>(Number(0, 31))
              : kAlphabet[static_cast<size_t>(Number(0, static_cast<int>(kAlphabet.size()) - 1))]);
    }
    return text;
  }

  std::string Line() {
    return Pick({"", " ", "--"}) +
           Pick({"inactive ", "push ", "ping ", "setenv-safe X ", "config ", "<foo>", "END", ""}) +
           Pick({"", "'", "\""}) + Text(Number(0, 9) == 0 ? 300 : 12) + Pick({"", "'", "\"", "\\"});
  }

  std::mt19937 random_;
};

TEST(ClientAuthBlockProperty, AnyConfig_IsRefusedByFieldOrReadAsMeant) {
  RandomVerdicts verdicts(11);
  for (int i = 0; i < kRounds; ++i) {
    ASSERT_EQ(test::BrokenBlockProperty(verdicts.Config()), "") << "round " << i;
  }
}

TEST(ClientDenyProperty, AnyDeny_IsRefusedByFieldOrReadAsMeant) {
  RandomVerdicts verdicts(12);
  for (int i = 0; i < kRounds; ++i) {
    ASSERT_EQ(test::BrokenDenyProperty(verdicts.RandomDeny()), "") << "round " << i;
  }
}

}  // namespace
}  // namespace ovpnbroker::ovpn
