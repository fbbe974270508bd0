#include "tests/bench/wire_broker.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "policy/rules/rule_parser.h"

namespace ovpnbroker::bench {
namespace {

// So many rules are tried in vain before the one that matches.
constexpr int kRulesBefore = 20;

}  // namespace

std::string SampleRulesText(SampleAddress address) {
  std::string text = "rules:\n";
  for (int i = 0; i < kRulesBefore; ++i) {
    absl::StrAppend(&text, "  - match: {common_name: '*.team", i,
                    ".example.com'}\n    deny: {reason: nobody}\n");
  }
  absl::StrAppend(&text,
                  "  - match: {common_name: 'user*'}\n"
                  "    allow:\n",
                  address == SampleAddress::kNone
                      ? "      routes: [192.168.0.0/16, 172.16.0.0/12]\n"
                      : "      ifconfig_push: {local: 10.8.0.20, netmask: 255.255.255.0}\n"
                        "      routes: [192.168.0.0/16]\n",
                  "      dns: [10.8.0.1]\n");
  return text;
}

std::shared_ptr<policy::RulesPolicy> MakeSampleRules() {
  absl::StatusOr<std::shared_ptr<const policy::RuleSet>> rules =
      policy::ParseRules(SampleRulesText(SampleAddress::kOneForAll), "rules.yaml");
  if (!rules.ok()) {
    std::cerr << rules.status().message() << '\n';
    std::exit(EXIT_FAILURE);
  }
  return std::make_shared<policy::RulesPolicy>("rules", *std::move(rules));
}

WireBroker::WireBroker()
    : config_([] {
        ovpn::InstanceConfig config(*ovpn::ManagementAddress::Unix("/run/management.sock"));
        config.name = "office";
        return config;
      }()),
      sessions_(config_, ovpn::DirectivePolicy(), *this, clock_, *this, logger_),
      log_(logger_),
      rules_(MakeSampleRules()),
      options_(std::make_shared<const policy::EngineOptions>()),
      engine_(clock_, policy::EngineLimits{}, {&log_}) {
  Feed(">INFO:OpenVPN Management Interface Version 5 -- type 'help' for more info\r\n");
}

WireBroker::~WireBroker() = default;

void WireBroker::Feed(absl::string_view bytes) {
  while (!bytes.empty()) {
    const absl::Span<char> space = parser_.Prepare();
    const size_t size = std::min(space.size(), bytes.size());
    std::copy_n(bytes.data(), size, space.begin());
    parser_.Commit(size);
    bytes.remove_prefix(size);
    while (std::optional<ovpn::Message> message = parser_.Next()) Take(*std::move(message));
  }
}

void WireBroker::Take(ovpn::Message message) {
  if (auto* event = std::get_if<ovpn::ClientEvent>(&message)) {
    sessions_.OnEvent(std::move(*event));
  } else if (const auto* reply = std::get_if<ovpn::ReplyLine>(&message)) {
    const ovpn::ReplyCallback on_reply = std::move(waiting_.front());
    waiting_.pop_front();
    on_reply(ovpn::Reply{true, reply->text, {}});
  }
}

uint64_t WireBroker::allowed() const {
  return engine_.Stats().Total(policy::DecisionResult::kAllowed);
}

void WireBroker::Send(std::vector<ovpn::Connection::Request> requests) {
  for (ovpn::Connection::Request& request : requests) {
    output_ += request.command.bytes;
    waiting_.push_back(std::move(request.on_reply));
  }
}

void WireBroker::OnAuthRequest(ovpn::AuthRequest request) {
  const ovpn::KeyRef key = request.key;
  const ovpn::DecisionId id = ovpn::NewUuid7(clock_.WallNow());
  policy::Decision decision(
      id, std::move(request), options_, [this, key, id](const ovpn::Verdict& verdict) {
        const ovpn::AnswerReceipt receipt = sessions_.Answer(key, verdict, {"rules", id});
        return receipt.status == ovpn::AnswerReceipt::Status::kQueued
                   ? policy::AnswerResult::Queued()
                   : policy::AnswerResult::Rejected(receipt.violations);
      });
  engine_.Submit(std::move(decision), rules_);
}

void WireBroker::OnAuthWithdrawn(const ovpn::KeyRef& key, ovpn::WithdrawReason) {
  engine_.Withdraw(key, policy::CancelReason::kClientGone);
}

void WireBroker::OnAnswerOutcome(const ovpn::KeyRef& key, ovpn::AnswerOutcome outcome,
                                 const std::string& detail) {
  engine_.OnAnswerOutcome(key,
                          outcome == ovpn::AnswerOutcome::kVerified
                              ? policy::OutcomeResult::kVerified
                              : policy::OutcomeResult::kWritten,
                          detail);
}

}  // namespace ovpnbroker::bench
