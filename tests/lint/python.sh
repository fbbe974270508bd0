#!/usr/bin/env bash
# Python without the mistakes that pyflakes knows, laid out by black. `--fix` rewrites the files.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mapfile -d '' files < <(git ls-files -z --cached --others --exclude-standard -- '*.py')
[[ ${#files[@]} -gt 0 ]] || exit 0
mode=(--check)
[[ ${1:-} != --fix ]] || mode=()
black --quiet --line-length 100 --target-version py311 "${mode[@]}" "${files[@]}" || {
  black --line-length 100 --target-version py311 "${mode[@]}" "${files[@]}"
  exit 1
}
pyflakes3 "${files[@]}"
