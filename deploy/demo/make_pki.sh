#!/usr/bin/env bash
# A throwaway certificate authority: deploy/demo/make_pki.sh DIRECTORY CLIENT... writes ca.crt, server.crt, server.key and
# CLIENT.crt, CLIENT.key. For demonstrations only: the keys have no passphrase and live two days.
set -euo pipefail
[[ $# -ge 2 ]] || {
  echo "usage: ${0##*/} DIRECTORY CLIENT..." >&2
  exit 2
}
cd "$1"
shift
umask 077
new_key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2)

quietly() { "$@" 2>openssl.log || {
  cat openssl.log >&2
  exit 1
}; }

# issue NAME USAGE
issue() {
  quietly openssl req "${new_key[@]}" -subj "/CN=$1" -keyout "$1.key" -out "$1.csr"
  printf 'keyUsage=digitalSignature,keyAgreement\nextendedKeyUsage=%s\n' "$2" >"$1.ext"
  quietly openssl x509 -req -days 2 -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -extfile "$1.ext" -out "$1.crt"
  rm -f "$1.csr" "$1.ext"
}

quietly openssl req -x509 "${new_key[@]}" -subj "/CN=Throwaway demo CA" -keyout ca.key -out ca.crt
issue server serverAuth
for client in "$@"; do
  issue "$client" clientAuth
done
rm -f openssl.log
