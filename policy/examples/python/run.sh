#!/usr/bin/env bash
# Starts the example policy: run.sh [--listen unix:/path|127.0.0.1:port]
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
# shellcheck source-path=SCRIPTDIR source=generate.sh
source "$here/generate.sh"
# Debian's own interpreter: it is the one that python3-grpcio is installed for.
PYTHONPATH="$generated" exec /usr/bin/python3 "$here/policy.py" "$@"
