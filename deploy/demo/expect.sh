# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034  # story.sh and terminal.sh set or read the rest
# Processes of the demo and what is expected of them. Sourced by story.sh, which sets `directory`.

declare -A pids=() exit_codes=()
unmet=0

# start NAME COMMAND...: in the background, its output in NAME.log.
start() {
  local name=$1
  shift
  "$@" >"$directory/$name.log" 2>&1 </dev/null &
  pids[$name]=$!
}

# stop NAME: SIGTERM, and wait for its end.
stop() {
  kill -TERM "${pids[$1]}" 2>/dev/null
  wait "${pids[$1]}"
  exit_codes[$1]=$?
  unset "pids[$1]"
}

# end_all [NAME...]: stops those that run, or all.
end_all() {
  local name
  [[ $# -gt 0 ]] || set -- "${!pids[@]}"
  for name in "$@"; do
    [[ -z ${pids[$name]:-} ]] || stop "$name"
  done
}

# expect WHAT SECONDS COMMAND...: tells whether COMMAND came true within SECONDS.
expect() {
  local what=$1 until=$(($(now_ms) + $2 * 1000))
  shift 2
  until "$@"; do
    if [[ $(now_ms) -ge $until ]]; then
      bad "  NOT SEEN: $what"
      unmet=$((unmet + 1))
      return 1
    fi
    sleep 0.05
  done
  good "  ok: $what"
}

log_says() { grep -qE "$2" "$directory/$1.log"; }
log_does_not_say() { ! log_says "$@"; }
has_ended() { ! kill -0 "${pids[$1]}" 2>/dev/null; }

# quote NAME EXPRESSION WHAT: the first line of NAME's log that sed -nE EXPRESSION prints; there must be one.
quote() {
  local found
  found=$(sed -nE "$2" "$directory/$1.log" | head -1)
  if [[ -z $found ]]; then
    bad "  NOT SEEN: $3"
    unmet=$((unmet + 1))
  else
    printf '  %s: %s%s%s\n' "$3" "$bold" "$found" "$plain"
  fi
}

# finish_expectations: the verdict; when something was not seen, the logs.
finish_expectations() {
  local log
  if [[ $unmet -eq 0 ]]; then
    return 0
  fi
  for log in "$directory"/*.log; do
    heading "last lines of ${log##*/}"
    tail -25 "$log"
  done
  bad "$unmet expectations were not met"
  exit 1
}
