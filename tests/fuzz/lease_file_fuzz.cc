// Any bytes as a lease file: leases or an error, never a crash; and what was accepted is the same
// leases when pools have taken it in and written it again.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "policy/lease_file.h"
#include "policy/lease_mirror.h"
#include "tests/policy/pool_options.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using ovpnbroker::policy::ParseLeases;
  const auto leases = ParseLeases({reinterpret_cast<const char*>(data), size});
  if (!leases.ok()) return 0;
  ovpnbroker::policy::AddressPools pools(
      {ovpnbroker::test::Pool("staff", "10.8.0.10-10.8.0.20", "fd00::10-fd00::20"),
       ovpnbroker::test::Pool("guests", "10.8.1.0-10.8.1.255")});
  size_t restored = 0;
  for (const auto& kept : *leases) {
    auto* pool = pools.Find(kept.pool);
    if (pool != nullptr && pool->Restore(kept.lease)) ++restored;
  }
  ovpnbroker::policy::LeaseMirror mirror;
  mirror.Apply(pools.TakeLeaseChanges());
  const auto again = ParseLeases(mirror.Text());
  if (!again.ok() || again->size() != restored) __builtin_trap();
  return 0;
}
