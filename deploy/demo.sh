#!/usr/bin/env bash
# Shows the product: a real OpenVPN asks, the broker answers. `deploy/demo.sh --help` tells what can be chosen.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/.." && pwd)
# shellcheck source=deploy/lib/terminal.sh
source "$here/lib/terminal.sh"

usage() {
  cat <<'USAGE'
Usage: sudo deploy/demo.sh [--policy rules|python] [--keep]

Installs what is missing, builds a release, makes throwaway certificates, and starts ovpn-brokerd, which starts a real
OpenVPN server. Then real clients connect: alice is allowed, bob is denied, alice is killed, and everything is stopped.
All of it happens in a network and process namespace and in a directory that are removed again.

  --policy rules    the embedded rules decide (deploy/demo/rules.yaml); the default
  --policy python   a policy service in Python decides, over gRPC (policy/examples/python)
  --keep            stop before alice is killed, and say what can be tried
  -h, --help        this text

Exit code 0 means that everything was seen to happen. The first run takes minutes for packages and the build, the next
ones seconds.
USAGE
}

policy=rules keep=false
while [[ $# -gt 0 ]]; do
  case $1 in
    --policy) policy=${2:-} && shift ;;
    --keep) keep=true ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && die "unknown option '$1'" ;;
  esac
  shift
done
[[ $policy == rules || $policy == python ]] || die "--policy is rules or python, not '$policy'"
[[ $EUID -eq 0 ]] || die "OpenVPN needs root for its tun device: sudo deploy/demo.sh"
[[ -c /dev/net/tun ]] || die "there is no /dev/net/tun; load the module (modprobe tun), or give it to the container"
if $keep && [[ ! -t 0 ]]; then die "--keep needs a terminal"; fi

start=$(now_ms)
heading "Packages"
"$here/install-packages.sh" build demo

heading "Build"
cd "$root"
configure_release >/dev/null
build build/release ovpn-brokerd ovpn-brokerctl

directory=$(mktemp -d /tmp/ovpn-broker-demo.XXXXXX)
trap 'rm -rf "$directory"' EXIT
trap : INT # Ctrl-C is for the story, which then stops its processes
# In its own namespaces: when the story ends, however it ends, the kernel ends what it started and removes its network.
# unshare keeps the pid of the shell that becomes it, and by that pid the namespaces can be entered from outside.
set +e
# shellcheck disable=SC2016  # $$ is the inner shell's
sh -c 'HOST_PID=$$ exec unshare --net --pid --mount --fork --kill-child --mount-proc "$@"' demo \
  "$here/demo/story.sh" "$directory" "$policy" "$keep"
result=$?
set -e
rm -rf "$directory"
if pgrep -f "$directory" >/dev/null; then die "a process of the demo is still running"; fi
[[ $result -eq 0 ]] || die "the demo did not go as it should; see above"
heading "Nothing is left behind; done in $(seconds_since "$start")."
