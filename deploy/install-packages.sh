#!/usr/bin/env bash
# Installs what is missing of the given groups of deploy/packages.txt. Debian 12, apt only.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/lib/terminal.sh
source "$here/lib/terminal.sh"

usage() {
  cat <<'USAGE'
Usage: deploy/install-packages.sh [--list | --missing] GROUP...
Installs the packages of the groups (build, run, demo, test, package, lint, or all) that are not installed yet.
  --list     print the packages of the groups and do nothing
  --missing  print those that are not installed and do nothing
USAGE
}

action=install
groups=()
for argument in "$@"; do
  case $argument in
    --list) action=list ;;
    --missing) action=missing ;;
    -h | --help) usage && exit 0 ;;
    build | run | demo | test | package | lint | all) groups+=("$argument") ;;
    *) usage >&2 && die "unknown group '$argument'" ;;
  esac
done
[[ ${#groups[@]} -gt 0 ]] || { usage >&2 && exit 2; }

# The packages of the groups, one a line.
wanted() {
  awk -v groups="${groups[*]}" '
    BEGIN { count = split(groups, asked, " ") }
    /^#/ || NF == 0 { next }
    { for (i = 1; i <= count; i++)
        if (asked[i] == "all" || ("," $1 ",") ~ ("," asked[i] ",")) { print $2; next } }
  ' "$here/packages.txt"
}

missing() {
  local package
  while read -r package; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || echo "$package"
  done < <(wanted)
}

case $action in
  list) wanted && exit 0 ;;
  missing) missing && exit 0 ;;
esac

command -v apt-get >/dev/null || die "this needs Debian's apt-get; install by hand: $(wanted | xargs)"
mapfile -t packages < <(missing)
if [[ ${#packages[@]} -eq 0 ]]; then
  note "all packages are installed (${groups[*]})"
  exit 0
fi
if [[ $EUID -ne 0 ]]; then
  die "these packages are missing, and only root can install them:
  sudo apt-get install --no-install-recommends ${packages[*]}"
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
echo "Installing ${packages[*]}"
if ! apt-get update -qq >"$log" 2>&1; then
  warn "the package lists could not be refreshed (offline?); trying with the ones at hand"
fi

# apt reports "pmstatus:PACKAGE:PERCENT:TEXT" and "dlstatus:N:PERCENT:TEXT" on descriptor 3.
show_progress() {
  awk -F: '
    $1 == "dlstatus" { step = "downloading" }
    $1 == "pmstatus" { step = "unpacking and configuring" }
    { tenth = step int($3 / 20) }
    tenth != last { printf "  %s, %d %%\n", step, $3; fflush(); last = tenth }'
}
if ! apt-get install -qq -y --no-install-recommends -o APT::Status-Fd=3 -o Dpkg::Use-Pty=0 "${packages[@]}" \
  3> >(show_progress) >"$log" 2>&1; then
  cat "$log" >&2
  die "apt-get could not install them; its own words are above. Is this Debian 12, and can it reach its package archive?"
fi
good "installed"
