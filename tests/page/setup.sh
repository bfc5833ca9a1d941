#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Brings the browser's driver into DIR; installs node and Chromium where they are missing. Again and
# again it costs a moment.
# usage: setup.sh DIR
set -eu

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)

packages=
command -v npm >/dev/null || packages="$packages nodejs npm"
[ -x /usr/bin/chromium ] || packages="$packages chromium"
if [ -n "$packages" ]; then
  echo "page: installing$packages"
  apt-get update -qq
  # shellcheck disable=SC2086  # a list
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages
fi

cp "$here"/*.js "$here"/package*.json "$dir/"
key="$(node --version) $(sha256sum <"$dir/package-lock.json")"
if [ "$(cat "$dir/.stamp" 2>/dev/null)" != "$key" ]; then
  (cd "$dir" && npm ci --silent --no-audit --no-fund --ignore-scripts)
  echo "$key" >"$dir/.stamp"
fi
