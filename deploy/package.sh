#!/usr/bin/env bash
# Builds the Debian package.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=deploy/lib/terminal.sh
source deploy/lib/terminal.sh

usage() {
  cat <<'USAGE'
Usage: deploy/package.sh [--no-lintian]

Builds ovpn-broker_VERSION_ARCH.deb in build/release and prints its path. Install it with

  sudo apt install ./build/release/ovpn-broker_*.deb

  --no-lintian   leave out Debian's own check of the package; without this, an error of it is one of ours

What is needed comes with `sudo deploy/install-packages.sh build package`. JOBS=N limits parallel builds.
USAGE
}

lintian=true
while [[ $# -gt 0 ]]; do
  case $1 in
    --no-lintian) lintian=false ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && die "unknown option '$1'" ;;
  esac
  shift
done
command -v dpkg-shlibdeps >/dev/null || die "dpkg-dev is missing: sudo deploy/install-packages.sh package"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() { "$@" >"$log" 2>&1 || { cat "$log" >&2 && die "this failed: $*"; }; }

quietly configure_release
build build/release package_contents
rm -f build/release/*.deb
# Permissions of installed folders come from the umask.
umask 022
quietly cpack --config build/release/CPackConfig.cmake -B build/release
package=$(echo build/release/ovpn-broker_*.deb)
if $lintian; then
  # Made by CPack, so there is no Debian source package and no bug number that asked for it.
  quietly lintian --suppress-tags initial-upload-closes-no-bugs --fail-on error --allow-root "$package"
  cat "$log" >&2
fi
echo "$package"
