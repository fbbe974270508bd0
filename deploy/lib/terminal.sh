# shellcheck shell=bash
# How the project's scripts talk: headings, progress and failures, with colours only on a terminal. Sourced.

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
  bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' yellow=$'\e[33m' plain=$'\e[0m'
else
  bold='' dim='' red='' green='' yellow='' plain=''
fi

heading() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
note() { printf '%s%s%s\n' "$dim" "$*" "$plain"; }
good() { printf '%s%s%s\n' "$green" "$*" "$plain"; }
warn() { printf '%s%s%s\n' "$yellow" "$*" "$plain" >&2; }
bad() { printf '%s%s%s\n' "$red" "$*" "$plain" >&2; }
die() {
  bad "${0##*/}: $*"
  exit 1
}

# Milliseconds on a clock that only goes forward.
now_ms() {
  local up
  read -r up _ </proc/uptime
  echo "$((10#${up/./}))0"
}

# seconds_since START_MS: "12.3 s"
seconds_since() {
  local ms=$(($(now_ms) - $1))
  printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
}

# ninja_progress: of ninja's output, one line for each tenth of the work, and everything that is not progress, very long lines cut.
ninja_progress() {
  awk '
    match($0, /^\[[0-9]+\/[0-9]+\]/) {
      split(substr($0, 2, RLENGTH - 2), part, "/")
      tenth = int(part[1] * 10 / part[2])
      if (tenth > 0 && tenth != last) { printf "  built %d of %d\n", part[1], part[2]; fflush(); last = tenth }
      next
    }
    /^(ninja: Entering directory|-- )/ { next }
    # A failed command is named before its message; the whole of a linker command tells nobody anything.
    { print (length($0) > 600 ? substr($0, 1, 200) " ..." : $0); fflush() }'
}

# configure_release: build/release, of which the package, the demo and the benchmarks are. A new one knows nothing of the tests,
# whose libraries only the benchmarks need.
configure_release() {
  local options=()
  [[ -f build/release/build.ninja ]] || options=(-DOVPNBROKER_TESTS=OFF)
  cmake --preset release "${options[@]}"
}

# share_compiler_cache: from the root; ccache then finds what another clone has compiled.
share_compiler_cache() {
  export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
  export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
  export CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-5G}
}

# build DIRECTORY TARGET...: from the root; ninja with progress; fails as ninja fails.
build() {
  local directory=$1
  shift
  share_compiler_cache
  if [[ -t 1 ]]; then
    ninja -C "$directory" -j "${JOBS:-$(nproc)}" "$@"
  else
    ninja -C "$directory" -j "${JOBS:-$(nproc)}" "$@" | ninja_progress
  fi
}
