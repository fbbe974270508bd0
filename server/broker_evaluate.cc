// Broker: what a policy would say about a client that is only described. Changes nothing.
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/base/status_macros.h"
#include "ovpn/management/client_auth_block.h"
#include "server/broker.h"

namespace ovpnbroker::server {

absl::StatusOr<Evaluation> Broker::Evaluate(const std::string& policy,
                                            const ovpn::AuthRequest& request) const {
  const std::string& instance = request.key.client.instance;
  const auto judgement = judgements_.find(instance);
  if (judgement == judgements_.end()) {
    return absl::NotFoundError(absl::StrCat("no instance is called ", instance));
  }
  const std::string name = policy.empty() ? judgement->second.policy : policy;
  const std::shared_ptr<policy::Policy> judge = policies_->Find(name);
  if (judge == nullptr) return absl::NotFoundError(absl::StrCat("no policy is called ", name));
  auto* const rules = dynamic_cast<policy::RulesPolicy*>(judge.get());
  if (rules == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat(name,
                     " is a remote policy, which is only asked about clients that wait; "
                     "`ovpn-policy-check` asks it about others"));
  }
  const ovpn::DecisionId id = ovpn::NewUuid7(clock_.WallNow());
  Evaluation evaluation;
  evaluation.policy = name;
  // The rules answer at once.
  rules->Ask({.decision_id = id,
              .request = request,
              .timeout = judgement->second.options->decision_timeout},
             [&evaluation](policy::PolicyReply reply) { evaluation.reply = std::move(reply); });
  const auto* allow = std::get_if<ovpn::Allow>(&evaluation.reply.verdict);
  if (allow == nullptr) return evaluation;
  std::vector<std::string> raw;
  for (const config::v1::InstanceConfig& config : config_.instances()) {
    if (config.name() != instance) continue;
    raw.assign(config.allowed_raw_directives().begin(), config.allowed_raw_directives().end());
  }
  ASSIGN_OR_RETURN(const ovpn::DirectivePolicy allowed_raw, ovpn::DirectivePolicy::Make(raw));
  const auto block = ovpn::ClientAuthBlock::Compile(allow->config, allowed_raw);
  if (block.ok()) {
    evaluation.lines = block.value().lines();
  } else {
    evaluation.violations = block.violations();
  }
  return evaluation;
}

}  // namespace ovpnbroker::server
