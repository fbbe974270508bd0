// The broker between OpenVPN's bytes and OpenVPN's bytes, without sockets: parser, sessions, engine
// and embedded rules, tied together as server/broker does it. One thread.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "ovpn/base/clock.h"
#include "ovpn/instance/command_channel.h"
#include "ovpn/instance/instance_config.h"
#include "ovpn/instance/instance_sink.h"
#include "ovpn/instance/sessions.h"
#include "ovpn/management/message_parser.h"
#include "policy/decision_log.h"
#include "policy/engine.h"
#include "policy/rules/rules_policy.h"
#include "tests/bench/dropping_logger.h"

namespace ovpnbroker::bench {

// Rules that allow the sample clients (sample_connect.h), with the configuration of an ordinary
// one, after some that do not match. As text with an address that is the same for all, which only a
// broker without admission grants twice, or with one more route in its place.
enum class SampleAddress { kOneForAll, kNone };
std::string SampleRulesText(SampleAddress address);
std::shared_ptr<policy::RulesPolicy> MakeSampleRules();

class WireBroker final : private ovpn::CommandChannel, private ovpn::InstanceSink {
 public:
  WireBroker();
  ~WireBroker() override;

  // Takes what OpenVPN sent. What is to be sent to it is appended to output().
  void Feed(absl::string_view bytes);
  std::string& output() { return output_; }

  const ovpn::SessionTable& sessions() const { return sessions_.table(); }
  uint64_t allowed() const;

 private:
  void Take(ovpn::Message message);

  // CommandChannel
  bool ready() const override { return true; }
  void Send(std::vector<ovpn::Connection::Request> requests) override;
  // InstanceSink
  void OnAuthRequest(ovpn::AuthRequest request) override;
  void OnAuthWithdrawn(const ovpn::KeyRef& key, ovpn::WithdrawReason reason) override;
  void OnAnswerOutcome(const ovpn::KeyRef& key, ovpn::AnswerOutcome outcome,
                       const std::string& detail) override;
  void OnSessionChanged(const ovpn::Session&, ovpn::SessionChange) override {}
  void OnInstanceStateChanged(const std::string&, ovpn::InstanceState,
                              const std::string&) override {}

  const ovpn::SystemClock clock_;
  DroppingLogger logger_;
  const ovpn::InstanceConfig config_;
  ovpn::MessageParser parser_;
  ovpn::Sessions sessions_;
  policy::DecisionLog log_;
  const std::shared_ptr<policy::RulesPolicy> rules_;
  const std::shared_ptr<const policy::EngineOptions> options_;
  policy::DecisionEngine engine_;
  std::deque<ovpn::ReplyCallback> waiting_;  // for OpenVPN's replies
  std::string output_;
};

}  // namespace ovpnbroker::bench
