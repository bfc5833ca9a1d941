#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Brings the cluster's programs into DIR: the chat server, its users, and what they need. Again and
# again it costs a second. A tool in PATH that is new enough is used as it is.
# usage: setup.sh DIR
set -eu

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)

# at_least WANTED FOUND: is FOUND that version or a newer one?
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

packages=
command -v go >/dev/null || packages="$packages golang-go"
command -v prometheus-alertmanager >/dev/null || packages="$packages prometheus-alertmanager"
command -v prometheus >/dev/null || packages="$packages prometheus"
command -v ip >/dev/null || packages="$packages iproute2"
command -v nft >/dev/null || packages="$packages nftables"
command -v python3 >/dev/null || packages="$packages python3"
if [ -n "$packages" ]; then
  echo "cluster: installing$packages"
  apt-get update -qq
  # RUNLEVEL: Alertmanager must not start by itself.
  # shellcheck disable=SC2086  # a list
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages
fi

# Raft's newest version needs a Go that is newer than Debian's. From 1.21 on Go fetches that by
# itself; an older one is told to, through the same proxy and with the same proof of its checksum.
wanted=$(sed -n 's/^go //p' "$here/chat/go.mod")
go=go
if ! at_least go1.21 "$(go env GOVERSION)"; then
  go="$dir/toolchain-$wanted/bin/go"
  if [ ! -x "$go" ]; then
    module="golang.org/toolchain@v0.0.1-go$wanted.$(go env GOOS)-$(go env GOARCH)"
    (cd "$dir" && GOFLAGS='' go mod download "$module")
    rm -rf "$dir/toolchain-$wanted.new"
    cp -r "$(go env GOMODCACHE)/$module" "$dir/toolchain-$wanted.new"
    chmod -R u+w "$dir/toolchain-$wanted.new"
    chmod +x "$dir/toolchain-$wanted.new/bin/"* "$dir/toolchain-$wanted.new/pkg/tool/"*/*
    mv "$dir/toolchain-$wanted.new" "$dir/toolchain-$wanted"
  fi
  unset GOROOT
fi
(cd "$here/chat" && "$go" build -buildvcs=false -mod=readonly -o "$dir/" ./chatd ./chatload)
