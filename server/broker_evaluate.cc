// Broker: what a policy would say about a client that is only described. Changes nothing.
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ovpn/base/status_macros.h"
#include "ovpn/instance/further_step.h"
#include "server/broker.h"

namespace ovpnbroker::server {

void Broker::Evaluate(const std::string& policy, ovpn::AuthRequest request,
                      std::function<void(absl::StatusOr<Evaluation>)> done) {
  absl::StatusOr<EvaluationDesk::Question> question = MakeQuestion(policy, std::move(request));
  if (!question.ok()) return done(question.status());
  evaluation_desk_.Ask(*std::move(question), std::move(done));
}

absl::StatusOr<EvaluationDesk::Question> Broker::MakeQuestion(const std::string& policy,
                                                              ovpn::AuthRequest request) const {
  const std::string& instance = request.key.client.instance;
  const auto judgement = judgements_.find(instance);
  const ovpn::Instance* const asker = instances_.Find(instance);
  if (judgement == judgements_.end() || asker == nullptr) {
    return absl::NotFoundError(absl::StrCat("no instance is called ", instance));
  }
  const std::string name = policy.empty() ? judgement->second.policy : policy;
  std::shared_ptr<policy::Policy> judge = policies_->Find(name);
  if (judge == nullptr) return absl::NotFoundError(absl::StrCat("no policy is called ", name));
  std::vector<std::string> raw;
  for (const config::v1::InstanceConfig& config : config_.instances()) {
    if (config.name() != instance) continue;
    raw.assign(config.allowed_raw_directives().begin(), config.allowed_raw_directives().end());
  }
  ASSIGN_OR_RETURN(ovpn::DirectivePolicy allowed_raw, ovpn::DirectivePolicy::Make(raw));
  return EvaluationDesk::Question{
      .policy = std::move(judge),
      .request = std::move(request),
      .allowed_raw = std::move(allowed_raw),
      .time_for_steps = ovpn::TimeForSteps(asker->config(), ovpn::Duration::zero()),
      .timeout = judgement->second.options->decision_timeout};
}

}  // namespace ovpnbroker::server
