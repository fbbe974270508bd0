#!/usr/bin/env bash
# C++ as clang-format 19 lays it out. `--fix` rewrites the files instead of naming them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mode=(--dry-run -Werror)
[[ ${1:-} != --fix ]] || mode=(-i)
git ls-files -z --cached --others --exclude-standard -- '*.h' '*.cc' |
  xargs -0 -r -n 64 -P "$(nproc)" clang-format-19 "${mode[@]}"
