#!/usr/bin/env bash
# Runs every fuzzer below BUILD for SECONDS, two at a time, from the committed corpora. What they
# find new stays in BUILD; a crash ends with its input's path and status 1.
# usage: run.sh BUILD SECONDS
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
seconds=$2

one() { # BINARY
  local name
  name=$(basename "$1")
  mkdir -p "$build/corpus/$name"
  if "$1" -max_total_time="$seconds" -timeout=10 -print_final_stats=1 -artifact_prefix="$build/$name-" \
    "$build/corpus/$name" "$here/corpus/${name%_fuzz}" >"$build/$name.log" 2>&1; then
    echo "fuzz: $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$name.log") inputs in $seconds s, no finding"
  else
    tail -40 "$build/$name.log"
    echo "fuzz: $name: FOUND something, see above and $build/$name-*"
    return 1
  fi
}
export -f one
export build here seconds
find "$build" -name '*_fuzz' -type f -executable | sort | xargs -P 2 -I '{}' bash -c 'one {}'
