#include "server/replay/redact_verdict.h"

#include <algorithm>

#include "ovpn/management/shown_lines.h"

namespace ovpnbroker::server {
namespace {

constexpr char kHiddenPage[] = "https://hidden.invalid/";

}  // namespace

ovpn::Verdict RedactVerdict(ovpn::Verdict verdict) {
  if (auto* allow = std::get_if<ovpn::Allow>(&verdict)) {
    for (auto* lines : {&allow->config.push_options, &allow->config.raw_directives}) {
      std::transform(lines->begin(), lines->end(), lines->begin(), ovpn::ShownOption);
    }
  }
  if (auto* step = std::get_if<ovpn::PendingAuth>(&verdict)) {
    if (step->method == ovpn::PendingAuth::Method::kWebAuth) step->text = kHiddenPage;
  }
  return verdict;
}

}  // namespace ovpnbroker::server
