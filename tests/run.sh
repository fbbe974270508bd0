#!/usr/bin/env bash
# Installs what is needed, builds, and runs the tests; `tests/run.sh --help` tells what can be chosen.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=deploy/lib/terminal.sh
source "$root/deploy/lib/terminal.sh"
# shellcheck source=tests/lib/stages.sh
source "$root/tests/lib/stages.sh"

usage() {
  cat <<'USAGE'
Usage: sudo tests/run.sh [OPTION]...

Installs the packages that are missing, builds, and runs every test: unit and contract tests and the fuzz corpora with
ctest, then the integration tests, in which a real OpenVPN server asks the broker about real clients.

  --filter REGEX   only tests whose name matches. For ctest REGEX is matched with Suite.Case (`LineReader`), for the
                   integration tests it is pytest's -k with `|` as `or` (`01_allow|kill`)
  --preset NAME    dev (default), asan (AddressSanitizer and UndefinedBehaviorSanitizer), or tsan (ThreadSanitizer;
                   unit and contract tests only)
  --fast           no integration tests: no root, no tun device needed, and a minute instead of several
  --no-install     install nothing; what is missing shows as an error of the build
  --lint           also the checks of tests/lint: layout, include directions, clang-tidy, shellcheck, buf
  --fuzz SECONDS   also fuzz each libFuzzer target that long
  --package        also build the Debian package, and install and run it in a clean Debian (root; see tests/packaging)
  --bench          also build and run tests/bench (optimised)
  --demo           also run deploy/demo.sh with each of its policies (root)
  --only           only the stages that the options above add, not ctest and not the integration tests
  -h, --help       this text

Examples:
  sudo tests/run.sh                             everything that a change must pass before it is committed
  tests/run.sh --fast --filter CommandWriter    the tests of one class, seconds after a change
  sudo tests/run.sh --filter 05_kill            one integration test
  tests/run.sh --only --lint                    the checks that read the tree

Builds are in build/PRESET, logs of failed integration tests in the test's own report. CI runs this with all stages
(.ci/run). JOBS=N limits parallel builds.
USAGE
}

preset=dev filter='' fuzz_seconds=0 install=true main_stages=true integration=true lint=false bench=false package=false demo=false
while [[ $# -gt 0 ]]; do
  case $1 in
    --filter) filter=${2:?--filter needs a regular expression} && shift ;;
    --preset) preset=${2:?--preset needs dev, asan or tsan} && shift ;;
    --fuzz) fuzz_seconds=${2:?--fuzz needs seconds} && shift ;;
    --fast) integration=false ;;
    --no-install) install=false ;;
    --lint) lint=true ;;
    --bench) bench=true ;;
    --package) package=true ;;
    --demo) demo=true ;;
    --only) main_stages=false tests_expected=false ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && die "unknown option '$1'" ;;
  esac
  shift
done
case $preset in
  dev | asan) ;;
  tsan) integration=false ;;
  *) die "unknown preset '$preset': dev, asan or tsan" ;;
esac
[[ $fuzz_seconds =~ ^[0-9]+$ ]] || die "--fuzz needs a number of seconds, not '$fuzz_seconds'"

cd "$root" || exit 1
prepare_environment

if $install; then
  groups=(build test)
  if $lint || [[ $preset == tsan || $fuzz_seconds -gt 0 ]]; then groups+=(lint); fi
  if $package; then groups+=(package); fi
  if $demo; then groups+=(demo); fi
  stage "install" deploy/install-packages.sh "${groups[@]}" || finish
fi
if $lint; then
  stage "lint" run_lint
fi
if $main_stages; then
  stage "build ($preset)" configure_and_build "$preset" all || finish
  stage "ctest ($preset)" run_ctest "$preset" "$filter"
  if $integration; then
    stage "integration ($preset)" run_integration "$preset" "$filter"
  fi
fi
if [[ $fuzz_seconds -gt 0 ]]; then
  stage "build (fuzz)" configure_and_build fuzz tests/fuzz/all &&
    stage "fuzz" run_fuzzers "$fuzz_seconds"
fi
if $package; then
  stage "build (package)" deploy/package.sh &&
    stage "package" run_package
fi
if $demo; then
  stage "demo (rules)" run_demo rules
  stage "demo (python)" run_demo python
fi
if $bench; then
  stage "build (bench)" configure_and_build release bench -DOVPNBROKER_TESTS=ON &&
    stage "bench" run_bench
fi
finish
