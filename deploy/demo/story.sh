#!/usr/bin/env bash
# What deploy/demo.sh shows, inside the private namespaces that it made: this script is process 1 there.
#   story.sh DIRECTORY rules|python KEEP     KEEP: true or false; HOST_PID in the environment names the namespaces
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=deploy/lib/terminal.sh
source "$root/deploy/lib/terminal.sh"
# shellcheck source=deploy/demo/expect.sh
source "$here/expect.sh"

directory=$1 policy=$2 keep=$3
programs=$root/build/release/server
ctl=("$programs/ctl/ovpn-brokerctl" --socket "$directory/run/admin.sock")

start_policy() {
  [[ $policy == python ]] || return 0
  start policy "$root/policy/examples/python/run.sh" --listen "unix:$directory/policy.sock"
  expect "the Python policy listens" 10 test -S "$directory/policy.sock"
}

start_broker() {
  start broker "$programs/ovpn-brokerd" --config "$directory/broker.yaml"
  expect "OpenVPN is up, and the broker is attached to it" 15 instance_is RUNNING
}

instance_is() { "${ctl[@]}" instances 2>/dev/null | grep -qw "$1"; }

# client NAME: a real OpenVPN client.
client() {
  start "$1" openvpn --cd "$directory" --config client.conf --cert "$1.crt" --key "$1.key"
}

show_alice() {
  heading "alice connects"
  client alice
  expect "she has a working tunnel" 15 log_says alice 'Initialization Sequence Completed'
  quote alice 's/.*PUSH_REPLY.*,ifconfig ([0-9.]+ [0-9.]+).*/\1/p' "her address, as her client received it"
  quote alice 's/.*PUSH_REPLY.*,route ([0-9.]+ [0-9.]+).*/\1/p' "her route"
  quote alice 's/.*PUSH_REPLY.*,dhcp-option DNS ([0-9.]+).*/\1/p' "her name server"
}

show_bob() {
  heading "bob connects"
  client bob
  expect "his client was refused" 15 log_says bob 'AUTH: Received control message: AUTH_FAILED'
  quote bob 's/.*AUTH: Received control message: AUTH_FAILED,(.*)/\1/p' "the reason, as his client read it"
  expect "his client has ended" 10 has_ended bob
  expect "he never had a tunnel" 0 log_does_not_say bob 'Initialization Sequence Completed'
}

show_sessions() {
  heading "ovpn-brokerctl sessions"
  "${ctl[@]}" sessions
  expect "alice is in the table" 0 table_names alice
}

table_names() { "${ctl[@]}" sessions | grep -qw "$1"; }

show_kill() {
  heading "ovpn-brokerctl kill --cn alice"
  "${ctl[@]}" kill --cn alice --halt --reason "end of the demo"
  expect "her client was told to stop" 10 log_says alice 'Halt command was pushed by server'
  expect "her client has ended" 10 has_ended alice
}

show_end() {
  end_all alice bob
  heading "SIGTERM to the broker"
  stop broker
  expect "it ended with exit code 0" 0 test "${exit_codes[broker]}" = 0
  [[ $policy != python ]] || stop policy
  expect "no process is left" 5 only_this_process
  expect "no socket is left" 0 no_sockets
}

# Inside the demo's own process namespace there is nobody else.
only_this_process() {
  local process
  for process in /proc/[0-9]*; do
    [[ ${process##*/} -eq $$ ]] || return 1
  done
}
no_sockets() { [[ -z $(find "$directory" -type s) ]]; }

wait_for_the_end() {
  local inside="sudo nsenter --net=/proc/$HOST_PID/ns/net"
  heading "Everything is running; try in another terminal:"
  cat <<TEXT
  ctl="sudo ${ctl[*]}"
  \$ctl status; \$ctl instances; \$ctl sessions -o json
  \$ctl kill --cn alice --restart        # she comes back with another uid
  tail -f $directory/broker.log
  $inside openvpn --cd $directory --config client.conf --cert bob.crt --key bob.key
TEXT
  [[ $policy == python ]] || echo "  edit $directory/rules.yaml, then: sudo pkill -HUP -f $directory/broker.yaml"
  printf '\n%s' "Ctrl-C or Enter stops it all."
  local interrupted=false status
  trap 'interrupted=true' INT
  until $interrupted; do
    # In short turns: bash goes on reading after a trapped signal.
    read -r -t 1 _ </dev/tty
    status=$?
    [[ $status -gt 128 ]] || break # Enter, or the terminal is gone
  done
  trap - INT
}

trap end_all EXIT
ip link set lo up
cp "$here"/{server.conf,client.conf,rules.yaml} "$directory"
cp "$here/broker.$policy.yaml" "$directory/broker.yaml"
"$here/make_pki.sh" "$directory" alice bob
heading "ovpn-brokerd starts, and starts OpenVPN"
start_policy
start_broker
show_alice
show_bob
show_sessions
if $keep; then
  wait_for_the_end
else
  show_kill
fi
show_end
finish_expectations
