#!/usr/bin/env bash
# Lints the contracts with a pinned buf. buf comes from npm; without npm this says so and passes, since
# tests/contract checks the most important rules without it.
set -euo pipefail
readonly BUF_VERSION=1.75.0
cd "$(dirname "$0")/../.."

if ! command -v npx >/dev/null; then
  echo "buf lint skipped: npm is not installed (apt-get install npm)"
  exit 0
fi
npx --yes "@bufbuild/buf@${BUF_VERSION}" lint
echo "buf lint: clean"
