#!/bin/sh
# Copies the broker's programs, OpenVPN and the files that they need to run into the empty folder DIRECTORY: an image without
# a shell, without a package manager and without anything that is not used. Run where the package is installed.
set -eu
image=${1:?usage: collect.sh DIRECTORY}
programs="/usr/sbin/ovpn-brokerd /usr/bin/ovpn-brokerctl /usr/sbin/openvpn"

# /lib is a link to /usr/lib, and stays one.
mkdir -p "$image/usr/lib" "$image/usr/lib64" "$image/usr/sbin" "$image/usr/bin"
for folder in lib lib64 sbin bin; do
  ln -s "usr/$folder" "$image/$folder"
done
# shellcheck disable=SC2086  # a list of words
for file in $programs $(ldd $programs | grep -oE '/[^ ]+\.so[^ ]*' | sort -u); do
  place=$(dirname "$file")
  mkdir -p "$image$place"
  cp -Lp "$file" "$image$place/"
done
# Loaded by name at run time: names of users and hosts, OpenSSL's providers.
libraries=/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo "$(uname -m)-linux-gnu")
for file in "$libraries"/libnss_files.so.2 "$libraries"/libnss_dns.so.2; do
  cp -Lp "$file" "$image$libraries/"
done
[ ! -d "$libraries/ossl-modules" ] || cp -a "$libraries/ossl-modules" "$image$libraries/"

mkdir -p "$image/etc/ssl" "$image/etc/ovpn-broker" "$image/usr/share/zoneinfo"
cp -p /etc/nsswitch.conf "$image/etc/"
[ ! -e /etc/ssl/openssl.cnf ] || cp -Lp /etc/ssl/openssl.cnf "$image/etc/ssl/"
grep -E '^(root|nobody|ovpn-broker):' /etc/passwd >"$image/etc/passwd"
grep -E '^(root|nogroup|ovpn-broker):' /etc/group >"$image/etc/group"
# For rules with hours in a time zone.
[ ! -d /usr/share/zoneinfo ] || cp -a /usr/share/zoneinfo/. "$image/usr/share/zoneinfo/"
# Mount points and places to write.
mkdir -p "$image/dev" "$image/proc" "$image/sys" "$image/run/ovpn-broker" "$image/var/lib/ovpn-broker"
mkdir -m 1777 "$image/tmp"
