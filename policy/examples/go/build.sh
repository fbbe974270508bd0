# shellcheck shell=bash
# Sourced: generates the Go side of proto/ into $build and sets up `go` to use it together with Debian's packages only.
# Says what to install when a tool is missing.
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
build="${OVPNBROKER_BUILD_DIR:-$root/build}/examples/go"

for tool in go protoc protoc-gen-go protoc-gen-go-grpc flock; do
  command -v "$tool" >/dev/null || {
    echo "$tool is missing: apt-get install golang-go golang-google-grpc-dev golang-github-golang-protobuf-1-5-dev" \
      "golang-google-genproto-dev protobuf-compiler protoc-gen-go protoc-gen-go-grpc util-linux" >&2
    exit 1
  }
done

# No modules: nothing is looked up on a network.
export GO111MODULE=off GOFLAGS='' GOPATH="$build:/usr/share/gocode" GOCACHE="$build/cache"

mkdir -p "$build/src"
(
  flock 9 # two replicas may start at once
  if [[ ! -e "$build/stamp" || -n "$(find "$root/proto" -name '*.proto' -newer "$build/stamp" -print -quit)" ]]; then
    cd "$root/proto" || exit
    mapfile -t contracts < <(find ovpnbroker/type ovpnbroker/policy -name '*.proto')
    options=()
    for contract in "${contracts[@]}"; do # the contracts name no Go package: it is their folder
      options+=("--go_opt=M$contract=${contract%/*}" "--go-grpc_opt=M$contract=${contract%/*}")
    done
    protoc -I . --go_out="$build/src" --go-grpc_out="$build/src" "${options[@]}" "${contracts[@]}"
    touch "$build/stamp"
  fi
) 9>"$build/lock"
