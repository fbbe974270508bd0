# shellcheck shell=bash
# The stages of tests/run.sh, and the account of them that it closes with. Sourced; the caller is in the root.

stage_lines=()
tests_passed=0
tests_failed=0
stages_failed=0
# False with --only, when benchmarks alone may be asked for.
# shellcheck disable=SC2034
tests_expected=true

# stage NAME COMMAND...: runs it, remembers the time and how it ended.
stage() {
  local name=$1 start result
  shift
  heading "== $name"
  start=$(now_ms)
  if "$@"; then result=ok; else result=failed; fi
  stage_lines+=("$(printf '%-24s %-8s %9s' "$name" "$result" "$(seconds_since "$start")")")
  [[ $result == ok ]] || {
    stages_failed=$((stages_failed + 1))
    return 1
  }
}

# count PASSED FAILED: adds to the closing line.
count() {
  tests_passed=$((tests_passed + $1))
  tests_failed=$((tests_failed + $2))
}

# finish: the account, the line that other programs read, and the exit.
finish() {
  local line
  heading "== summary"
  for line in "${stage_lines[@]}"; do
    if [[ $line == *" failed "* ]]; then bad "$line" 2>&1; else echo "$line"; fi
  done
  # A stage that failed without a failed test (a build, an install) is not lost in the count.
  [[ $stages_failed -eq 0 || $tests_failed -gt 0 ]] || tests_failed=$stages_failed
  if [[ $((tests_passed + tests_failed)) -eq 0 && $tests_expected == true ]]; then
    bad "no test ran; does --filter match one?"
    stages_failed=1
  fi
  echo "$tests_passed passed, $tests_failed failed"
  [[ $tests_failed -eq 0 && $stages_failed -eq 0 ]] || exit 1
  exit 0
}

# Settings that sanitized programs and ctest read.
prepare_environment() {
  export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:abort_on_error=0
  export UBSAN_OPTIONS=print_stacktrace=1
  # Suppressions for gRPC are compiled into the tests that need them (tests/support/grpc_tsan.cc).
  export TSAN_OPTIONS=second_deadlock_stack=1
  export CTEST_OUTPUT_ON_FAILURE=1
  export CTEST_PARALLEL_LEVEL=${JOBS:-$(nproc)}
}

# configure_and_build PRESET TARGET [-DOPTION]...
configure_and_build() {
  local preset=$1 target=$2 log
  shift 2
  log=$(mktemp)
  if ! cmake --preset "$preset" "$@" >"$log" 2>&1; then
    cat "$log"
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
  build "build/$preset" "$target"
}

# junit_counts FILE: "PASSED FAILED" of a JUnit report, as ctest and pytest write it. A skipped test counts as failed
# in CI, where everything can run.
junit_counts() {
  /usr/bin/python3 - "$1" <<'PYTHON'
import os, sys, xml.etree.ElementTree as xml
suites = [suite for suite in xml.parse(sys.argv[1]).getroot().iter("testsuite")]
total, bad, skipped = (sum(int(suite.get(name) or 0) for suite in suites for name in names)
                       for names in (("tests",), ("failures", "errors"), ("skipped", "disabled")))
if os.environ.get("CI") == "true":
    bad += skipped
print(total - bad - (0 if os.environ.get("CI") == "true" else skipped), bad)
PYTHON
}

# count_report FILE: adds a JUnit report to the account; fails when a test failed or none ran.
count_report() {
  local passed failed
  if [[ ! -s $1 ]]; then
    bad "no report was written"
    return 1
  fi
  read -r passed failed < <(junit_counts "$1")
  count "$passed" "$failed"
  [[ $failed -eq 0 && $passed -gt 0 ]]
}

run_lint() {
  local log result
  log=$(mktemp)
  tests/lint/run.sh 2>&1 | tee "$log"
  result=${PIPESTATUS[0]}
  # shellcheck disable=SC2046  # two numbers
  count $(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log" | tail -1)
  rm -f "$log"
  return "$result"
}

# run_ctest PRESET REGEX
run_ctest() {
  local report=$PWD/build/$1/ctest.xml arguments=(--no-tests=error --output-junit "$PWD/build/$1/ctest.xml")
  rm -f "$report"
  [[ -z $2 ]] || arguments+=(-R "$2")
  if [[ -n $2 && $(ctest --test-dir "build/$1" -N -R "$2" | sed -n 's/^Total Tests: //p') -eq 0 ]]; then
    note "no ctest test matches $2"
    return 0
  fi
  if [[ -t 1 ]]; then arguments+=(--progress); fi
  ctest --test-dir "build/$1" "${arguments[@]}" 2>&1 | ctest_progress
  count_report "$report"
}

# ctest_progress: of ctest's lines, a count at every 200th test, and what says something besides "Passed".
ctest_progress() {
  if [[ -t 1 ]]; then
    cat
    return
  fi
  awk '
    / Start +[0-9]+: / { next }
    /^ *[0-9]+\/[0-9]+ Test .*Passed/ {
      if (++passed % 200 == 0) { print "  " passed " passed"; fflush() }
      next
    }
    { gsub(/\.\.\.\.+/, " ..."); print; fflush() }'
}

# run_integration PRESET EXPRESSION. In namespaces of its own: when the last line of this function is reached, or the
# run is killed, the kernel ends every process that the tests started and removes their network.
run_integration() {
  local preset=$1 report=$PWD/build/$1/integration.xml arguments=(-n 4 --dist loadfile)
  if [[ $EUID -ne 0 ]]; then
    bad "the integration tests need root for tun devices and namespaces: sudo tests/run.sh, or --fast without them"
    return 1
  fi
  rm -f "$report"
  [[ -z $2 ]] || arguments+=(-k "${2//|/ or }")
  OVPNBROKER_BUILD_DIR=$PWD/build/$preset \
    OVPNBROKER_TEST_TIME_SCALE=$([[ $preset == asan ]] && echo 3 || echo 1) \
    unshare --net --pid --mount --fork --kill-child --mount-proc \
    /usr/bin/python3 -m pytest -c tests/integration/pytest.ini --rootdir tests/integration --junitxml "$report" \
    "${arguments[@]}" tests/integration
  if [[ $? -eq 5 && -n $2 ]]; then
    note "no integration test matches $2"
    return 0
  fi
  count_report "$report"
}

# The package that deploy/package.sh has built, in a clean Debian and in namespaces as above; but the clean Debian comes over the
# network, so the tests enter one of their own when they have it.
run_package() {
  local report=$PWD/build/release/package.xml
  rm -f "$report"
  OVPNBROKER_PACKAGE_DIR=$PWD/build/release \
    unshare --pid --mount --fork --kill-child --mount-proc \
    /usr/bin/python3 -m pytest -c tests/packaging/pytest.ini --rootdir tests/packaging --junitxml "$report" tests/packaging
  count_report "$report"
}

# run_demo POLICY: the demo says itself what it has seen, and counts as one test.
run_demo() {
  if deploy/demo.sh --policy "$1"; then
    count 1 0
  else
    count 0 1
    return 1
  fi
}

# run_fuzzers SECONDS: every target, side by side; a crash leaves its input in build/fuzz/artifacts.
run_fuzzers() {
  local seconds=$1 target name failures=0 artifacts=$PWD/build/fuzz/artifacts pids=() names=() index
  mkdir -p "$artifacts"
  mapfile -t targets < <(find build/fuzz/tests/fuzz -maxdepth 1 -type f -executable | sort)
  [[ ${#targets[@]} -gt 0 ]] || {
    bad "no fuzz target was built"
    return 1
  }
  for target in "${targets[@]}"; do
    name=${target##*/}
    fuzz_one "$target" "$seconds" "$artifacts" >"$artifacts/$name.log" 2>&1 &
    pids+=($!) names+=("$name")
    # As many at a time as there are cores.
    if [[ $((${#pids[@]} % $(nproc))) -eq 0 ]]; then wait "${pids[@]}"; fi
  done
  for index in "${!pids[@]}"; do
    name=${names[$index]}
    if wait "${pids[$index]}"; then
      good "  ok      $name: $(sed -n 's/^Done \([0-9]* runs\).*/\1/p' "$artifacts/$name.log")"
      count 1 0
    else
      tail -40 "$artifacts/$name.log"
      bad "  failed  $name, log and input in $artifacts"
      count 0 1
      failures=$((failures + 1))
    fi
  done
  [[ $failures -eq 0 ]]
}

# fuzz_one TARGET SECONDS ARTIFACTS: new inputs go to a scratch corpus, the committed one is only read.
fuzz_one() {
  local name=${1##*/} scratch
  scratch=$(mktemp -d)
  mkdir -p "$scratch/new"
  "$1" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$3/$name-" \
    "$scratch/new" "tests/fuzz/corpus/${name%_fuzz}"
  local result=$?
  rm -rf "$scratch"
  return $result
}

# tests/bench/run.sh knows the benchmarks; a missed budget is told, not failed.
run_bench() { tests/bench/run.sh --no-build; }
