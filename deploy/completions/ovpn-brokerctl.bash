# Completion of ovpn-brokerctl for bash; goes to /usr/share/bash-completion/completions/ovpn-brokerctl.

# The options of one subcommand, as its help lists them, so that they cannot fall out of step.
_ovpn_brokerctl_options() {
  "$1" "${@:2}" --help 2>/dev/null | grep -oE -- '(^|[ ,])--?[a-z][a-z-]*' | tr -d ' ,' | sort -u
}

# One field of the first table column that the broker shows now.
_ovpn_brokerctl_first_column() {
  "$@" 2>/dev/null | awk 'NR > 1 { print $1 }'
}

_ovpn_brokerctl() {
  local ctl=${COMP_WORDS[0]} current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local commands="status instances sessions pools kill check-config version"
  local command="" word
  COMPREPLY=()

  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ " $commands " == *" $word "* ]] && command=$word && break
  done

  case $previous in
    -o | --output) mapfile -t COMPREPLY < <(compgen -W "table json" -- "$current"); return ;;
    --socket) mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
    --state)
      mapfile -t COMPREPLY < <(compgen -W "pending authorized established ending ended unjudged" -- "$current")
      return ;;
    --instance)
      mapfile -t COMPREPLY < <(compgen -W "$(_ovpn_brokerctl_first_column "$ctl" instances)" -- "$current")
      return ;;
    --uid)
      mapfile -t COMPREPLY < <(compgen -W "$(_ovpn_brokerctl_first_column "$ctl" sessions)" -- "$current")
      return ;;
    --cn | --user | --reason | --filter | --wait) return ;;
  esac

  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_ovpn_brokerctl_options "$ctl" $command) --help" -- "$current")
  elif [[ -z $command ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$current")
  elif [[ $command == check-config ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}

complete -o filenames -F _ovpn_brokerctl ovpn-brokerctl
