#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints a `go` that is at least VERSION. Debian's own is older than what some modules ask for; Go
# itself is a module of the same proxy, checked against the same checksum database.
# usage: newer_go.sh VERSION (such as 1.25.0)
set -eu

found=$(go env GOVERSION)
if [ "$(printf '%s\n%s\n' "go$1" "$found" | sort -V | head -n 1)" = "go$1" ]; then
  command -v go
  exit
fi
module="golang.org/toolchain@v0.0.1-go$1.linux-$(go env GOARCH)"
cd / # outside of any module
GOFLAGS=-modcacherw GOSUMDB=sum.golang.org go mod download "$module"
root="$(go env GOMODCACHE)/$module"
# A module's files come without their execute bits.
chmod +x "$root"/bin/* "$root"/pkg/tool/*/*
echo "$root/bin/go"
