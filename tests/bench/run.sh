#!/usr/bin/env bash
# Builds the benchmarks, optimised, runs them, and closes with one table of all ratios.
# Usage: sudo tests/bench/run.sh [--no-build] [NAME...]   e.g. sessions_bench; without a name, all of them
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=deploy/lib/terminal.sh
source "$root/deploy/lib/terminal.sh"
# shellcheck source=tests/lib/stages.sh
source "$root/tests/lib/stages.sh"

all=(parser_bench rules_bench daemons_bench remote_policy_bench stuck_replica_bench sessions_bench tunnel_time)
build_first=true
if [[ ${1:-} == --no-build ]]; then
  build_first=false
  shift
fi
if [[ $# -gt 0 ]]; then names=("$@"); else names=("${all[@]}"); fi

cd "$root" || exit 1
prepare_environment
if $build_first; then
  configure_and_build release bench -DOVPNBROKER_TESTS=ON || exit 1
fi
export OVPNBROKER_BUILD_DIR=${OVPNBROKER_BUILD_DIR:-$root/build/release}
OVPNBROKER_BENCH_RESULTS=$(mktemp)
export OVPNBROKER_BENCH_RESULTS
trap 'rm -f "$OVPNBROKER_BENCH_RESULTS"' EXIT

# run_one NAME. The real clients get namespaces of their own, as the integration tests do.
run_one() {
  case $1 in
    tunnel_time)
      if [[ $EUID -ne 0 ]]; then
        note "  needs root: not measured"
        return 0
      fi
      unshare --net --pid --mount --fork --kill-child --mount-proc /usr/bin/python3 tests/bench/tunnel_time.py
      ;;
    parser_bench) "$OVPNBROKER_BUILD_DIR/tests/bench/$1" --benchmark_min_time=0.5 ;;
    *) "$OVPNBROKER_BUILD_DIR/tests/bench/$1" ;;
  esac
}

failed=0
for name in "${names[@]}"; do
  heading "$name"
  run_one "$name" || {
    bad "  $name could not be run"
    failed=1
  }
done

heading "ratios"
{
  printf 'name\tmeasured\tbudget\trival\tverdict\n'
  cat "$OVPNBROKER_BENCH_RESULTS"
} | column -t -s $'\t'
exit $failed
