#include "server/admin/address_pool_service.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "ovpn/base/utf8.h"
#include "server/admin/page.h"
#include "server/admin/rpc_error.h"

namespace ovpnbroker::server {
namespace {

namespace v1 = admin::v1;

uint64_t Saturated(absl::uint128 number) {
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  return number > kMost ? kMost : absl::Uint128Low64(number);
}

v1::AddressPool PoolToProto(const policy::AddressPoolStats& stats) {
  v1::AddressPool pool;
  pool.set_name(stats.name);
  pool.set_ipv4_size(Saturated(stats.ipv4_size));
  pool.set_ipv6_size(Saturated(stats.ipv6_size));
  pool.set_held_lease_count(stats.held);
  pool.set_lease_count(stats.leases);
  pool.set_given_count(stats.given);
  pool.set_exhausted_count(stats.exhausted);
  pool.set_evicted_count(stats.evicted);
  return pool;
}

v1::AddressLease LeaseToProto(const policy::AddressLease& lease) {
  v1::AddressLease message;
  message.set_user(ovpn::ReplaceInvalidUtf8(lease.user));
  if (lease.ipv4.has_value()) message.set_ipv4_address(lease.ipv4->ToString());
  if (lease.ipv6.has_value()) message.set_ipv6_address(lease.ipv6->ToString());
  message.set_held(lease.held());
  const auto since_epoch = lease.last_use.time_since_epoch();
  *message.mutable_last_use_time() = google::protobuf::util::TimeUtil::SecondsToTimestamp(
      std::chrono::duration_cast<std::chrono::seconds>(since_epoch).count());
  return message;
}

grpc::Status FindPool(BrokerControl& broker, const std::string& name, policy::AddressPool*& pool) {
  if (name.empty()) return InvalidField("pool", "POOL_MISSING", "must be set");
  pool = broker.address_pools().Find(name);
  if (pool != nullptr) return grpc::Status::OK;
  return NotFound("address_pool", {{"pool", name}}, "POOL_NOT_FOUND",
                  absl::StrCat("no address pool is called ", name));
}

grpc::Status ListPage(BrokerControl& broker, const v1::ListAddressLeasesRequest& request,
                      v1::ListAddressLeasesResponse& response) {
  policy::AddressPool* pool = nullptr;
  grpc::Status status = FindPool(broker, request.pool(), pool);
  if (!status.ok()) return status;
  PageRequest page;
  status = ParsePageRequest(request.page_size(), request.page_token(), request.pool(), page);
  if (!status.ok()) return status;
  std::optional<ovpn::IpAddress> last;
  if (!page.after.empty()) {
    const absl::StatusOr<ovpn::IpAddress> after = ovpn::IpAddress::Parse(page.after);
    if (!after.ok()) {
      return InvalidField("page_token", "PAGE_TOKEN_INVALID", "is not from this list");
    }
    last = *after;
  }
  pool->VisitLeases(last, [&](const policy::AddressLease& lease) {
    if (static_cast<size_t>(response.leases_size()) == page.size) {
      response.set_next_page_token(MakePageToken(last->ToString(), request.pool()));
      return false;
    }
    *response.add_leases() = LeaseToProto(lease);
    last = lease.address();
    return true;
  });
  return grpc::Status::OK;
}

grpc::Status Release(BrokerControl& broker, const v1::ReleaseAddressLeaseRequest& request) {
  policy::AddressPool* pool = nullptr;
  grpc::Status status = FindPool(broker, request.pool(), pool);
  if (!status.ok()) return status;
  const absl::StatusOr<ovpn::IpAddress> address = ovpn::IpAddress::Parse(request.address());
  if (!address.ok()) {
    return InvalidField("address", "ADDRESS_INVALID", address.status().message());
  }
  const absl::Status released = pool->Release(*address);
  if (released.ok()) return grpc::Status::OK;
  const ErrorMetadata names = {{"address", address->ToString()}, {"pool", request.pool()}};
  if (absl::IsNotFound(released)) {
    return NotFound("address_lease", names, "LEASE_NOT_FOUND", released.message());
  }
  return FailedPrecondition(
      "LEASE_HELD", released.message(), names,
      {{"LEASE_HELD", absl::StrCat("address_pools/", request.pool(), "/", address->ToString()),
        std::string(released.message())}});
}

}  // namespace

grpc::ServerUnaryReactor* AddressPoolService::ListAddressPools(
    grpc::CallbackServerContext* call, const v1::ListAddressPoolsRequest* request,
    v1::ListAddressPoolsResponse* response) {
  return AnswerOnLoop(
      context_, *call, request, response,
      [this](const v1::ListAddressPoolsRequest&, v1::ListAddressPoolsResponse& result) {
        for (const auto& pool : context_.broker.address_pools().all()) {
          *result.add_pools() = PoolToProto(pool->Stats());
        }
        return grpc::Status::OK;
      });
}

grpc::ServerUnaryReactor* AddressPoolService::ListAddressLeases(
    grpc::CallbackServerContext* call, const v1::ListAddressLeasesRequest* request,
    v1::ListAddressLeasesResponse* response) {
  return AnswerOnLoop(
      context_, *call, request, response,
      [this](const v1::ListAddressLeasesRequest& copy, v1::ListAddressLeasesResponse& result) {
        return ListPage(context_.broker, copy, result);
      });
}

grpc::ServerUnaryReactor* AddressPoolService::ReleaseAddressLease(
    grpc::CallbackServerContext* call, const v1::ReleaseAddressLeaseRequest* request,
    v1::ReleaseAddressLeaseResponse* response) {
  return AnswerOnLoop(
      context_, *call, request, response,
      [this](const v1::ReleaseAddressLeaseRequest& copy, v1::ReleaseAddressLeaseResponse&) {
        return Release(context_.broker, copy);
      });
}

}  // namespace ovpnbroker::server
