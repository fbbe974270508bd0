#!/usr/bin/env bash
# Writes docs/metrics.md from the broker's catalogue of metrics; a unit test says when that is needed.
#   docs/reference/metrics.sh [BUILD_DIR]     default build/dev
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
"${1:-$root/build/dev}/server/ovpn-brokerd" --describe-metrics >"$root/docs/metrics.md.new"
mv "$root/docs/metrics.md.new" "$root/docs/metrics.md"
