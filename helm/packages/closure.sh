#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copies a binary and all that it needs at run time into ROOT, which is then the whole file system of a container.
# usage: closure.sh FANFARE ROOT (an empty directory, or one that is not there)
set -eu

[ $# -eq 2 ] || { sed -n '3,4s/^# //p' "$0" >&2; exit 2; }
binary=$1
root=$2
[ -z "$(ls -A "$root" 2>/dev/null)" ] || { echo "closure.sh: $root is not empty" >&2; exit 2; }
mkdir -p "$root/usr/bin" "$root/etc/ssl/certs" "$root/etc/fanfare" "$root/usr/lib/ssl" "$root/lib" \
  "$root/usr/lib/locale" "$root/run/fanfare" "$root/proc" "$root/sys" "$root/dev" "$root/tmp"

strip -o "$root/usr/bin/fanfare" "$binary"
chmod 755 "$root/usr/bin/fanfare"

# Each library under the name by which the loader asks for it; the loader itself under the name in the binary.
ldd "$binary" | awk '$2 == "=>" { print $3 } $1 ~ /^\// { print $1 }' | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done

# What an Alertmanager's certificate is checked against.
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
ln -s /etc/ssl/certs/ca-certificates.crt "$root/usr/lib/ssl/cert.pem"
# `fanfare top`: what terminals can do, and characters beyond ASCII.
cp -RL /lib/terminfo "$root/lib/"
cp -RL /usr/lib/locale/C.utf8 "$root/usr/lib/locale/"
cp -L /etc/os-release "$root/etc/"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
echo 'root:x:0:0:root:/:/usr/bin/fanfare' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"
