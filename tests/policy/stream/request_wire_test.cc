// The bytes that the broker writes itself, against the message that protobuf makes of the same
// request: for many environments, odd ones included, they are read as one and the same.
#include "policy/stream/request_wire.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/policy/stream/wire_request.h"
#include "tests/support/auth_request_builder.h"

namespace ovpnbroker::policy {
namespace {

constexpr int kRequests = 600;
constexpr unsigned kSeed = 20260101;

class RequestWireProperty : public ::testing::Test {
 protected:
  size_t Below(size_t limit) {
    return std::uniform_int_distribution<size_t>(0, limit - 1)(random_);
  }
  bool Sometimes() { return Below(4) == 0; }

  std::string RandomBytes(size_t size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(Below(256));
    return bytes;
  }

  // Few enough that some come twice; one in four is no UTF-8.
  std::string Name() {
    return Sometimes() ? RandomBytes(1 + Below(3)) : "IV_" + std::to_string(Below(60));
  }

  // Lengths around the sizes at which a varint grows; the large ones fill a message soon.
  std::string Value(bool large) {
    static constexpr size_t kSizes[] = {0, 1, 60, 126, 127, 128, 129, 300, 16'383, 16'384, 40'000};
    return std::string(kSizes[Below(large ? std::size(kSizes) : 8)], static_cast<char>(Below(256)));
  }

  ovpn::AuthRequest Request() {
    ovpn::AuthRequest request = test::MakeAuthRequest(test::Key(Below(1000), 1));
    ovpn::Environment::Builder builder;
    const bool large = Sometimes();
    for (size_t left = Below(120); left > 0; --left) builder.Add(Name(), Value(large));
    builder.Add("username", RandomBytes(Below(40)));
    request.environment = std::make_shared<const ovpn::Environment>(builder.Build());
    request.session.identity = ovpn::ClientIdentity::FromEnvironment(*request.environment);
    return request;
  }

  StreamTerms Terms() {
    StreamTerms terms;
    terms.send_password = Sometimes();
    if (Sometimes()) terms.environment_patterns = {"IV_1*", "username"};
    return terms;
  }

  std::mt19937 random_{kSeed};
};

TEST_F(RequestWireProperty, AnyRequest_ReadsAsTheMessage) {
  int truncated = 0;
  for (int i = 0; i < kRequests; ++i) {
    const ovpn::AuthRequest request = Request();
    const StreamTerms terms = Terms();
    const RequestHead head{.decision_id = "d1",
                           .attempt = static_cast<int>(Below(3)),
                           .round = static_cast<int>(Below(3)),
                           .timeout = std::chrono::milliseconds(Below(5000))};
    const std::string bytes = test::BytesOf(WriteDecisionRequest(head, request, terms));
    ASSERT_LE(bytes.size(), static_cast<size_t>(StreamLimits::kMaxMessageBytes));
    ASSERT_TRUE(test::ReadsAsTheMessage(bytes, head, request, terms)) << "request " << i;
    if (MakeDecisionRequest(head, request, terms).environment_truncated()) ++truncated;
  }
  // The generator makes both kinds, or this test says less than it seems to.
  EXPECT_GT(truncated, 10);
  EXPECT_LT(truncated, kRequests - 10);
}

TEST_F(RequestWireProperty, NamesOnce_AreTheBytesOfProtobufInLength) {
  ovpn::AuthRequest request = test::MakeAuthRequest(test::Key(0, 1));
  const RequestHead head{.decision_id = "d1", .timeout = std::chrono::seconds(5)};
  v1::StreamDecisionsRequest made;
  *made.mutable_decision_request() = MakeDecisionRequest(head, request, {});
  EXPECT_EQ(test::BytesOf(WriteDecisionRequest(head, request, {})).size(), made.ByteSizeLong());
}

TEST(RequestWire, OtherMessages_AreTheBytesOfProtobuf) {
  v1::StreamDecisionsRequest message;
  message.mutable_heartbeat()->set_sequence(7);
  EXPECT_EQ(test::BytesOf(WriteMessage(message)), message.SerializeAsString());
}

}  // namespace
}  // namespace ovpnbroker::policy
