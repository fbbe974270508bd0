// What a recording shows of a verdict. Pure; any thread.
#pragma once

#include "ovpn/types/verdict.h"

namespace ovpnbroker::server {

// Pushed options and raw directives that could carry a secret keep their name only, and so does the
// address of a web authentication.
ovpn::Verdict RedactVerdict(ovpn::Verdict verdict);

}  // namespace ovpnbroker::server
