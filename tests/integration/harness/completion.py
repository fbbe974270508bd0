"""What bash and zsh offer for the last word of a line, by the scripts that are installed."""

import os
import pty
import shlex
import subprocess
import tempfile
from pathlib import Path

from harness.broker import ROOT, build_directory
from harness.timing import DEFAULT_DEADLINE

_SCRIPTS = ROOT / "deploy" / "completions"
# zsh completes inside of its line editor only, so the line completes itself as soon as that is up, and zsh ends. A function in
# place of compadd notes the words that match; with -O, -A or -D it is asked for something else.
_ZSHRC = """\
fpath=($SCRIPTS $fpath)
autoload -Uz compinit
compinit -u -D
typeset -ga offered
compadd() {
  if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\\ * ]]; then
    local -a matching
    builtin compadd -A matching "$@"
    offered+=("${(@)matching}")
  fi
  builtin compadd "$@"
}
complete-and-end() {
  BUFFER=$LINE CURSOR=$#LINE
  zle complete-word
  print -rl -- "$BUFFER" "${(@)offered}" >$RESULT
  exit
}
zle -N zle-line-init complete-and-end
"""


def program() -> Path:
    return build_directory() / "server" / "ctl" / "ovpn-brokerctl"


def _environment(socket: str) -> dict[str, str]:
    return {
        "PATH": f"{program().parent}:{os.environ['PATH']}",
        "OVPN_BROKER_SOCKET": socket,
        "LC_ALL": "C.UTF-8",
    }


def bash_completes(*words: str, socket: str = "") -> list[str]:
    line = " ".join(f"'{word}'" for word in (str(program()), *words))
    code = f"""
        source {_SCRIPTS}/ovpn-brokerctl.bash
        COMP_WORDS=({line}); COMP_CWORD={len(words)}
        _ovpn_brokerctl
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    run = subprocess.run(
        ["bash", "-c", code],
        env=_environment(socket),
        capture_output=True,
        text=True,
        timeout=DEFAULT_DEADLINE,
        check=True,
    )
    return run.stdout.split()


def zsh_completes(*words: str, socket: str = "") -> tuple[str, list[str]]:
    """The line after the tabulator key, and the words that were offered."""
    with tempfile.TemporaryDirectory(prefix="ovb-") as name:
        folder = Path(name)
        (folder / ".zshrc").write_text(_ZSHRC)
        line = " ".join(["ovpn-brokerctl", *(shlex.quote(word) if word else "" for word in words)])
        terminal, inside = pty.openpty()
        try:
            subprocess.run(
                # Without the machine's own start-up files.
                ["zsh", "--no-global-rcs", "--interactive"],
                stdin=inside,
                stdout=inside,
                stderr=inside,
                start_new_session=True,
                env=_environment(socket)
                | {
                    "TERM": "xterm",
                    "ZDOTDIR": name,
                    "SCRIPTS": str(_SCRIPTS),
                    "LINE": line,
                    "RESULT": str(folder / "result"),
                },
                timeout=DEFAULT_DEADLINE,
                check=True,
            )
        finally:
            os.close(inside)
            os.close(terminal)
        completed, *offered = (folder / "result").read_text().splitlines()
    return completed.removeprefix("ovpn-brokerctl "), offered
