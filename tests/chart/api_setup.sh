#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds Kubernetes' own API server from its Go modules into DIR. On two cores that takes half an hour, so that no test
# of CTest asks for it: run this, then api_test.py, after a change of what the chart renders.
# usage: api_setup.sh DIR
set -eu

version=35.0 # 1.35.0 of Kubernetes is 0.35.0 of its libraries
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1/module"
dir=$(cd "$1" && pwd)
command -v etcd >/dev/null || DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq etcd-server
[ -x "$dir/kube-apiserver" ] && exit
go=$("$here/../peers/newer_go.sh" 1.25.0)
cd "$dir/module"
source=$("$go" mod download -json "k8s.io/kubernetes@v1.$version" | sed -n 's/.*"Dir": "\(.*\)",*/\1/p')
# Its libraries stand beside it in its repository, and in modules of their own on the proxy.
{
  printf 'module apiserver\n\ngo 1.25.0\n\ngodebug default=go1.25\n\nrequire k8s.io/kubernetes v1.%s\n\n' "$version"
  sed -n "s|^[[:space:]]*\(k8s.io/[a-z-]*\) => ./staging.*|replace \1 => \1 v0.$version|p" "$source/go.mod"
} >go.mod
stamp=k8s.io/component-base/version
"$go" get k8s.io/kubernetes/cmd/kube-apiserver
flags="-s -w -X $stamp.gitVersion=v1.$version -X $stamp.gitMajor=1 -X $stamp.gitMinor=35"
nice -n 19 "$go" build -mod=mod -ldflags "$flags" \
  -o "$dir/kube-apiserver" k8s.io/kubernetes/cmd/kube-apiserver
