#!/usr/bin/env bash
# Formatting, clang-tidy, shell and python. usage: lint.sh BUILD (a configured build directory)
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1

mapfile -t sources < <(git ls-files '*.c' '*.h' '*.cpp')
clang-format-16 --dry-run -Werror "${sources[@]}"
mapfile -t scripts < <(git ls-files '*.sh' run .ci/run)
shellcheck "${scripts[@]}"
mapfile -t pythons < <(git ls-files '*.py')
python3 -m py_compile "${pythons[@]}"
git ls-files '*.js' | xargs -r -n 1 node --check

# clang-tidy reads what ships; the tests have the compiler's warnings (all of it takes 10 minutes more).
mapfile -t units < <(git ls-files 'agent/*.cpp')
python3 tests/tidy.py "$build" "${units[@]}"
echo "lint: ${#sources[@]} sources, ${#scripts[@]} scripts, ${#pythons[@]} python files: clean"
