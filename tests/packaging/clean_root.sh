#!/usr/bin/env bash
# Makes a minimal Debian that boots, with everything that a package depends on, and prints the path of its archive. It is kept outside of
# the tree and made again when the dependencies or this script change: minutes the first time, nothing afterwards.
set -euo pipefail
package=$(realpath "${1:?usage: clean_root.sh PACKAGE.deb}")
suite=bookworm
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ovpn-broker
key=$( (cat "$0" && dpkg-deb -f "$package" Depends) | sha256sum | cut -c1-16)
root=$cache/clean-root-$key.tar
if [[ -s $root ]]; then
  echo "$root"
  exit 0
fi

mkdir -p "$cache"
log=$(mktemp)
trap 'rm -f "$log" "$root.new"' EXIT
# The mirrors that this machine uses itself, for Debian's own suites.
# shellcheck disable=SC2016  # apt's variables
mapfile -t sources < <(apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
  awk -v suite=$suite '$2 ~ "^" suite { print "deb " $1 " " $2 " " $3 }' | sort -u)
# shellcheck disable=SC2016  # $1 is the hook's
mmdebstrap --format=tar --variant=apt --include=systemd,sudo,adduser,procps \
  --aptopt='Acquire::Languages "none"' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --customize-hook="copy-in '$package' /tmp" \
  --customize-hook="chroot \"\$1\" sh -ec 'apt-get install -y --no-install-recommends /tmp/${package##*/} &&
    dpkg --purge ovpn-broker && rm /tmp/${package##*/}'" \
  $suite "$root.new" "${sources[@]}" >"$log" 2>&1 || {
  cat "$log" >&2
  exit 1
}
# Those of before are of no use any more.
rm -f "$cache"/clean-root-*.tar
mv "$root.new" "$root"
echo "$root"
