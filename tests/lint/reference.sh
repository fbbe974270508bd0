#!/usr/bin/env bash
# The pages of docs/reference say what proto/ says.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../../docs/reference/generate.py" --check
