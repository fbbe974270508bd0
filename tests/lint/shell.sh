#!/usr/bin/env bash
# Shell scripts without the mistakes that shellcheck knows.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
{
  git ls-files -z --cached --others --exclude-standard -- '*.sh'
  printf '.ci/run\0'
} | xargs -0 shellcheck --external-sources
