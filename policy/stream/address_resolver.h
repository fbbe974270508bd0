// From a name to the addresses behind it. The lookup blocks, so it runs on a thread of its
// own and its result comes back on the loop. An interface, so that tests need no name server.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ovpn/base/dns_target.h"

namespace ovpnbroker::policy {

class AddressResolver {
 public:
  // "192.0.2.7:50051", "[2001:db8::7]:50051"; each once, in a fixed order, at least one.
  using Callback = std::function<void(absl::StatusOr<std::vector<std::string>>)>;

  virtual ~AddressResolver() = default;
  // `done` is called later, on the loop; never after the resolver is gone.
  virtual void Resolve(const ovpn::DnsTarget& target, Callback done) = 0;
};

// The system's own resolver: /etc/hosts, DNS, whatever nsswitch.conf says.
class SystemResolver final : public AddressResolver {
 public:
  explicit SystemResolver(asio::io_context& loop);
  ~SystemResolver() override;
  void Resolve(const ovpn::DnsTarget& target, Callback done) override;

 private:
  asio::ip::tcp::resolver resolver_;
  const std::shared_ptr<bool> alive_;
};

}  // namespace ovpnbroker::policy
