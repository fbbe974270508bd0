#!/usr/bin/env bash
# Builds and starts the example policy:
#   run.sh [--listen unix:/path|ADDRESS:PORT] [--secrets FILE] [--tls-cert FILE --tls-key FILE --tls-client-ca FILE]
#   run.sh --code USER    prints the code that USER's authenticator shows now
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=build.sh
source "$(dirname "$0")/build.sh"
(cd "$here" && flock "$build/lock" go build -o "$build/otp-policy" .) # does nothing when it is up to date
exec "$build/otp-policy" --secrets "$here/secrets.txt" "$@"
