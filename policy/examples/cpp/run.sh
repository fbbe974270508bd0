#!/usr/bin/env bash
# Builds and starts the example policy: run.sh [--listen unix:/path|127.0.0.1:port]
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
build="${OVPNBROKER_BUILD_DIR:-$root/build}/examples/cpp"

program="$build/example_policy"
sources=("$here" "$root/proto" "(" -name "*.cc" -o -name "*.h" -o -name "*.proto" ")")
if [[ ! -x "$program" || -n "$(find "${sources[@]}" -newer "$program" -print -quit)" ]]; then
  cmake -S "$here" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release >/dev/null
  ninja -C "$build" example_policy
fi
exec "$program" "$@"
