// Any environment, from any bytes: what the broker writes of a request is what protobuf reads as
// the message that it would have made itself, and no larger than a message may be.
//
// An input: one byte of choices, then entries, each of two length bytes (the second in steps of
// 128 when the first has its highest bit set) followed by name and value.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "policy/stream/stream_options.h"
#include "tests/policy/stream/wire_request.h"
#include "tests/support/auth_request_builder.h"

namespace {

using ovpnbroker::ovpn::AuthKind;
using ovpnbroker::ovpn::Environment;

constexpr size_t kLargeStep = 128;

class Input {
 public:
  Input(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return rest_.empty(); }
  uint8_t Byte() { return empty() ? 0 : static_cast<uint8_t>(Take(1).front()); }
  absl::string_view Take(size_t size) {
    const absl::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }

 private:
  absl::string_view rest_;
};

// Long values are what is there, over and over: a fuzzer makes no inputs of 100 KiB.
std::string Stretched(absl::string_view seed, size_t size) {
  std::string value;
  while (value.size() < size) value += seed.empty() ? "." : std::string(seed);
  value.resize(size);
  return value;
}

Environment MakeEnvironment(Input& input) {
  Environment::Builder builder;
  while (!input.empty()) {
    const uint8_t sizes = input.Byte();
    const size_t value_size = input.Byte();
    const absl::string_view name = input.Take(sizes & 0x7F);
    if (name.empty()) continue;
    const absl::string_view value = input.Take(value_size);
    const bool large = (sizes & 0x80) != 0;
    builder.Add(name, large ? Stretched(value, value_size * kLargeStep) : std::string(value));
  }
  return builder.Build();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ovpnbroker;
  Input input(data, size);
  const uint8_t choices = input.Byte();
  const auto kind = static_cast<AuthKind>(choices % 3);
  ovpn::AuthRequest request = test::MakeAuthRequest(test::Key(choices, 1), kind);
  request.environment = std::make_shared<const Environment>(MakeEnvironment(input));
  request.session.identity = ovpn::ClientIdentity::FromEnvironment(*request.environment);
  policy::StreamTerms terms;
  terms.send_password = (choices & 0x08) != 0;
  terms.dry_run = (choices & 0x10) != 0;
  if ((choices & 0x20) != 0) terms.environment_patterns = {"IV_*", "username"};
  const policy::RequestHead head{
      .decision_id = "d1", .attempt = choices >> 6, .timeout = std::chrono::milliseconds(choices)};
  const std::string bytes = test::BytesOf(policy::WriteDecisionRequest(head, request, terms));
  if (bytes.size() > static_cast<size_t>(policy::StreamLimits::kMaxMessageBytes)) std::abort();
  if (!test::ReadsAsTheMessage(bytes, head, request, terms)) std::abort();
  return 0;
}
