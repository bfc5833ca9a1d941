#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Brings a fresh Debian 12 with what a package depends on, but not the package, into DIR/tree; exit 77 where no mirror
# answers.
# usage: tree.sh DIR PACKAGE.deb
set -eu

dir=$1
wanted=$(dpkg-deb -f "$2" Depends)
[ "$(cat "$dir/.tree-stamp" 2>/dev/null)" = "$wanted" ] && exit
skip() {
  echo "skipped: $1: $(tail -n 1 "$dir/tree.log")" >&2
  exit 77
}
rm -rf "$dir/tree"
debootstrap --variant=minbase --include=systemd-sysv,dbus bookworm "$dir/tree" >"$dir/tree.log" 2>&1 ||
  skip "debootstrap could not make a Debian"
# shellcheck disable=SC2016  # for the inner shell
chroot "$dir/tree" sh -c '
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q && apt-get satisfy -qy --no-install-recommends "$1" && apt-get clean' sh "$wanted" \
  >>"$dir/tree.log" 2>&1 || skip "what the package depends on could not be installed"
echo "$wanted" >"$dir/.tree-stamp"
