# Completion of ovpn-brokerctl for bash; goes to /usr/share/bash-completion/completions/ovpn-brokerctl.
# The program itself knows what can come next: a line for each WORD, a tab, DESCRIPTION.

_ovpn_brokerctl() {
  local lines first
  mapfile -t lines < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  first=${lines[0]-}
  if [[ ${first%%$'\t'*} == :files ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
  else
    COMPREPLY=("${lines[@]%%$'\t'*}")
  fi
}

complete -o filenames -o bashdefault -F _ovpn_brokerctl ovpn-brokerctl
