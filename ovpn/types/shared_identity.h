// A client's identity as sessions, requests and records hold it: one value that all copies share,
// since a session is copied several times for each decision and who it is does not change. Plain
// value, never empty; any thread.
#pragma once

#include <memory>
#include <utility>

#include "ovpn/types/client_identity.h"

namespace ovpnbroker::ovpn {

class SharedIdentity {
 public:
  // Nobody: every field is empty.
  SharedIdentity() : identity_(Nobody()) {}
  // Implicit, so that an identity can be given wherever one is held.
  SharedIdentity(ClientIdentity identity)  // NOLINT(google-explicit-constructor)
      : identity_(std::make_shared<const ClientIdentity>(std::move(identity))) {}
  // A moved-from one may only be assigned to or destroyed.
  SharedIdentity(const SharedIdentity&) = default;
  SharedIdentity(SharedIdentity&&) = default;
  SharedIdentity& operator=(const SharedIdentity&) = default;
  SharedIdentity& operator=(SharedIdentity&&) = default;
  ~SharedIdentity() = default;

  const ClientIdentity& operator*() const { return *identity_; }
  const ClientIdentity* operator->() const { return identity_.get(); }

 private:
  static const std::shared_ptr<const ClientIdentity>& Nobody() {
    static const std::shared_ptr<const ClientIdentity> nobody =
        std::make_shared<const ClientIdentity>();
    return nobody;
  }

  std::shared_ptr<const ClientIdentity> identity_;
};

}  // namespace ovpnbroker::ovpn
