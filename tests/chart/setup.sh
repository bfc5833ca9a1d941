#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Brings helm, helm-docs, the Prometheus operator's definitions and Kubernetes' schemas into DIR. Again and again it
# costs a moment.
# usage: setup.sh DIR
set -eu

helm=v3.20.0 helm_docs=v1.14.2 operator=v0.85.0 # releases
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)

packages=
command -v go >/dev/null || packages="$packages golang-go"
python3 -c 'import ensurepip, venv' 2>/dev/null || packages="$packages python3 python3-venv"
[ -e /etc/ssl/certs/ca-certificates.crt ] || packages="$packages ca-certificates"
command -v strip >/dev/null || packages="$packages binutils"
if [ -n "$packages" ]; then
  echo "chart: installing$packages"
  apt-get update -qq
  # shellcheck disable=SC2086  # a list
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages
fi

key="$helm $helm_docs $operator"
if [ "$(cat "$dir/.stamp" 2>/dev/null)" != "$key" ]; then
  go=$("$here/../peers/newer_go.sh" 1.25.0)
  cd / # outside of any module
  export GOBIN="$dir" GOFLAGS=-modcacherw
  "$go" install "helm.sh/helm/v3/cmd/helm@$helm"
  "$go" install "github.com/norwoodj/helm-docs/cmd/helm-docs@$helm_docs"
  "$go" mod download "github.com/prometheus-operator/prometheus-operator@$operator"
  rm -rf "$dir/crds"
  source="$("$go" env GOMODCACHE)/github.com/prometheus-operator/prometheus-operator@$operator"
  cp -r "$source/example/prometheus-operator-crd" "$dir/crds"
  echo "$key" >"$dir/.stamp"
fi

key="$(python3 --version) $(sha256sum <"$here/requirements.txt")"
if [ "$(cat "$dir/.python-stamp" 2>/dev/null)" != "$key" ]; then
  python3 -m venv --clear "$dir/venv"
  "$dir/venv/bin/pip" install -q --disable-pip-version-check -r "$here/requirements.txt"
  echo "$key" >"$dir/.python-stamp"
fi
