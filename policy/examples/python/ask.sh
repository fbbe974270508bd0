#!/usr/bin/env bash
# Asks a running policy as the broker would: ask.sh [--connect unix:/path|127.0.0.1:port] NAME...
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
# shellcheck source-path=SCRIPTDIR source=generate.sh
source "$here/generate.sh"
PYTHONPATH="$generated" exec /usr/bin/python3 "$here/ask.py" "$@"
