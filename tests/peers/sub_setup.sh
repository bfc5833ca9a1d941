#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Brings the servers of the protocols inside WebSocket into DIR: installs what is missing, builds
# what has changed. Again and again it costs a second.
# usage: sub_setup.sh DIR
set -eu

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)
node="$dir/subprotocols"
mkdir -p "$node"

packages=
for server in mosquitto prosody nats-server nginx curl; do
  command -v $server >/dev/null || packages="$packages $server"
done
command -v mosquitto_sub >/dev/null || packages="$packages mosquitto-clients"
[ -e /usr/lib/nginx/modules/ngx_nchan_module.so ] || packages="$packages libnginx-mod-nchan"
[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || packages="$packages rabbitmq-server"
command -v npm >/dev/null || packages="$packages nodejs npm"
command -v go >/dev/null || packages="$packages golang-go"
if [ -n "$packages" ]; then
  echo "peers: installing$packages"
  apt-get update -qq
  # RUNLEVEL: they must not start by themselves.
  # shellcheck disable=SC2086  # a list
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages
fi

cp "$here"/subprotocols/*.js "$here"/subprotocols/package*.json "$node/"
key="$(node --version) $(sha256sum <"$node/package-lock.json")"
if [ "$(cat "$node/.stamp" 2>/dev/null)" != "$key" ]; then
  (cd "$node" && npm ci --silent --no-audit --no-fund --ignore-scripts)
  echo "$key" >"$node/.stamp"
fi

# Server-sent events and publishes over HTTP.
http="$dir/http"
mkdir -p "$http"
cp "$here"/http/*.js "$here"/http/package*.json "$http/"
key="$(node --version) $(sha256sum <"$http/package-lock.json")"
if [ "$(cat "$http/.stamp" 2>/dev/null)" != "$key" ]; then
  (cd "$http" && npm ci --silent --no-audit --no-fund --ignore-scripts)
  echo "$key" >"$http/.stamp"
fi
(cd "$here/go" && go build -buildvcs=false -mod=readonly -o "$dir/chat-http" ./http)

newer_go=$("$here/newer_go.sh" "$(sed -n 's/^go //p' "$here/subprotocols/centrifuge/go.mod")")
(cd "$here/subprotocols/centrifuge" && "$newer_go" build -buildvcs=false -mod=readonly \
  -o "$dir/centrifuge" .)
