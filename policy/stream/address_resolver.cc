#include "policy/stream/address_resolver.h"

#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ovpnbroker::policy {

SystemResolver::SystemResolver(asio::io_context& loop)
    : resolver_(loop), alive_(std::make_shared<bool>(true)) {}

SystemResolver::~SystemResolver() { *alive_ = false; }

void SystemResolver::Resolve(const ovpn::DnsTarget& target, Callback done) {
  resolver_.async_resolve(
      target.name, target.port,
      [alive = alive_, name = target.name, done = std::move(done)](
          const std::error_code& error, const asio::ip::tcp::resolver::results_type& results) {
        if (!*alive) return;
        if (error) return done(absl::UnavailableError(absl::StrCat(name, ": ", error.message())));
        std::set<std::string> addresses;
        for (const auto& entry : results) {
          const asio::ip::address ip = entry.endpoint().address();
          const std::string port = absl::StrCat(entry.endpoint().port());
          addresses.insert(ip.is_v6() ? absl::StrCat("[", ip.to_string(), "]:", port)
                                      : absl::StrCat(ip.to_string(), ":", port));
        }
        if (addresses.empty()) return done(absl::NotFoundError(absl::StrCat(name, ": no address")));
        done(std::vector<std::string>(addresses.begin(), addresses.end()));
      });
}

}  // namespace ovpnbroker::policy
