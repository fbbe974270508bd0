#!/usr/bin/env bash
# Installs, builds and starts the example policy:
#   run.sh [--listen unix:/path|ADDRESS:PORT] [--quota-mib N] [--tls-cert FILE --tls-key FILE --tls-client-ca FILE]
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
build="${OVPNBROKER_BUILD_DIR:-$root/build}/examples/node"

command -v npm >/dev/null || {
  echo "npm is missing: apt-get install nodejs npm" >&2
  exit 1
}
mkdir -p "$build"
(
  flock 9 # two replicas may start at once
  if [[ ! -e "$build/stamp" || -n "$(find "$here" -type f -newer "$build/stamp" -print -quit)" ]]; then
    cp -r "$here"/{package.json,package-lock.json,tsconfig.json,src} "$build"
    cd "$build"
    npm ci --ignore-scripts --no-audit --no-fund >&2
    npx --no-install tsc --outDir dist >&2
    touch stamp
  fi
) 9>"$build/lock"
OVPNBROKER_PROTO_DIR="$root/proto" exec node "$build/dist/policy.js" "$@"
