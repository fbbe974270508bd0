// A policy's Decision as a verdict. The policy is not trusted: what cannot be read as meant makes
// the whole verdict invalid, with the path of each wrong field. Pure; any thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ovpn/types/verdict.h"
#include "ovpnbroker/policy/v1/decision.pb.h"
#include "policy/stream/request_codec.h"

namespace ovpnbroker::policy {

// The verdict of `decision`. Failure{kInvalidVerdict} with violations for: no verdict, a verdict
// that needs a capability that is not on, an address, prefix, number or duration that cannot be
// read, a word that redirect-gateway does not know. Directive text is checked where it is written
// (ovpn/management).
ovpn::Verdict VerdictFromProto(const v1::Decision& decision, const StreamTerms& terms);

// Cut to StreamLimits; sorted by name.
std::vector<std::pair<std::string, std::string>> AnnotationsFromProto(const v1::Decision& decision);

}  // namespace ovpnbroker::policy
