#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Brings what the tests of rules and dashboards need into DIR. Again and again it costs a moment.
# usage: setup.sh DIR
set -eu

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)

packages=
command -v promtool >/dev/null || packages="$packages prometheus"
command -v amtool >/dev/null || packages="$packages prometheus-alertmanager"
python3 -c 'import ensurepip, venv' 2>/dev/null || packages="$packages python3 python3-venv"
if [ -n "$packages" ]; then
  echo "rules: installing$packages"
  apt-get update -qq
  # RUNLEVEL: neither must start by itself.
  # shellcheck disable=SC2086  # a list
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages
fi

key="$(python3 --version) $(sha256sum <"$here/requirements.txt")"
if [ "$(cat "$dir/.python-stamp" 2>/dev/null)" != "$key" ]; then
  python3 -m venv --clear "$dir/venv"
  "$dir/venv/bin/pip" install -q --disable-pip-version-check -r "$here/requirements.txt"
  echo "$key" >"$dir/.python-stamp"
fi
