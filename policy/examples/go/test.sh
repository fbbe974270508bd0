#!/usr/bin/env bash
# The example's own tests: layout, vet, and what its judge decides.
set -euo pipefail
for tool in go protoc-gen-go protoc-gen-go-grpc; do
  if [[ "${CI:-}" != true ]] && ! command -v "$tool" >/dev/null; then
    echo "skipped: $tool is not installed; README.md says what to install"
    exit 77
  fi
done
# shellcheck source-path=SCRIPTDIR source=build.sh
source "$(dirname "$0")/build.sh"
cd "$here"
unformatted="$(gofmt -l .)"
[[ -z "$unformatted" ]] || {
  echo "gofmt would change: $unformatted" >&2
  exit 1
}
go vet .
go test .
