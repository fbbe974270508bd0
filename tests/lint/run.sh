#!/usr/bin/env bash
# All checks that read the tree and do not run it. Every check runs, whatever the others found.
#   tests/lint/run.sh [--fast]     --fast leaves out clang-tidy
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/lib/terminal.sh
source "$here/../../deploy/lib/terminal.sh"

checks=(format.sh include_directions.py file_sizes.py texts.py log_ids.py links.py named_tests.py reference.sh shell.sh python.sh buf.sh tidy.sh)
[[ ${1:-} != --fast ]] || unset 'checks[-1]'

passed=0 failed=0
for check in "${checks[@]}"; do
  start=$(now_ms)
  if "$here/$check"; then
    good "  ok      $check ($(seconds_since "$start"))"
    passed=$((passed + 1))
  else
    bad "  failed  $check"
    failed=$((failed + 1))
  fi
done
echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]
