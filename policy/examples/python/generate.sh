# shellcheck shell=bash
# Sourced: generates the Python side of proto/ into $generated when it is missing or older than the
# contracts, and says what to install when a tool is missing.
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)"
generated="${OVPNBROKER_BUILD_DIR:-$root/build}/examples/python"

for tool in protoc grpc_python_plugin flock; do
  command -v "$tool" >/dev/null || {
    echo "$tool is missing: apt-get install protobuf-compiler protobuf-compiler-grpc python3-grpcio util-linux" >&2
    exit 1
  }
done

mkdir -p "$generated"
(
  flock 9 # two replicas may start at once
  if [[ ! -e "$generated/stamp" || -n "$(find "$root/proto" -name '*.proto' -newer "$generated/stamp" -print -quit)" ]]; then
    cd "$root/proto" || exit
    find ovpnbroker/type ovpnbroker/policy google -name '*.proto' -print0 |
      xargs -0 protoc -I . --python_out="$generated" --grpc_python_out="$generated" \
        --plugin=protoc-gen-grpc_python="$(command -v grpc_python_plugin)"
    touch "$generated/stamp"
  fi
) 9>"$generated/lock"
