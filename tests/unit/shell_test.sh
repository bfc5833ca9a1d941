#!/usr/bin/env bash
# The man page and the completions as shells and readers take them. usage: shell_test.sh FANFARE
set -euo pipefail
fanfare=$(readlink -f "$1")
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cd "$work"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# A fanfare that knows two shards, one of them named by somebody who means no good.
cat >fanfare <<'END'
#!/bin/sh
printf 'SHARD  SYNCED\nchat-1  3\n$(touch${IFS}owned)  1\npython chat.py:80  1\n'
END
chmod +x fanfare
PATH=$work:$PATH

# complete WORDS...: what the completion offers for the last of them, one a line.
"$fanfare" completions bash >bash.sh
# shellcheck disable=SC1091
. ./bash.sh
compopt() { :; }
complete_words() {
  COMP_WORDS=(fanfare "$@")
  COMP_CWORD=$#
  _fanfare 2>/dev/null || true
  printf '%s\n' "${COMPREPLY[@]}"
}
expect() { # WANTED WORDS...
  local wanted=$1 got
  shift
  got=$(complete_words "$@" | tr '\n' ' ')
  [ "$got" = "$wanted " ] || fail "completing '$*' gives '$got', not '$wanted '"
}
expect "shards" shar
expect "check" config ch
expect "--sort" sockets --so
expect "clear" alerts cl
expect "--shard" alerts clear X --sh
expect "python\\ chat.py:80" alerts clear X --shard py
expect "json" shards -o j
expect "events_out events_out_per_second" shards --sort events_out
expect "chat-1" shards --shard chat
expect '\$\(touch\$\{IFS\}owned\)' shards --shard '$'
expect "fanfare" config check fan
[ ! -e owned ] || fail "a shard's name was run as a command"

# No grep -q behind a pipe: it may leave before its writer has ended, which pipefail takes for a failure.
for command in $("$fanfare" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
  complete_words "$command" - | grep -- '--help' >/dev/null || [ "$command" = config ] ||
    fail "nothing is completed after '$command'"
done

"$fanfare" completions zsh >_fanfare
zsh -n _fanfare || fail "zsh does not read its completions"
"$fanfare" completions fish >fanfare.fish
fish --no-execute fanfare.fish || fail "fish does not read its completions"
fish -c 'source fanfare.fish; complete -C "fanfare shards --so"' | grep '^--sort' >/dev/null ||
  fail "fish does not complete a flag"

"$fanfare" man >fanfare.1
warnings=$(groff -man -Tutf8 -ww -z fanfare.1 2>&1)
[ -z "$warnings" ] || fail "the man page: $warnings"
groff -man -Tascii -P-cbou fanfare.1 >page.txt
for code in 0 1 2 3 4; do
  grep -q "^       $code  " page.txt || fail "the man page lacks exit code $code"
done
"$fanfare" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | while read -r command; do
  grep -q "^   fanfare $command" page.txt || fail "the man page lacks $command"
done

# The table of exit codes is what happens.
expect_exit() { # CODE WORDS...
  local wanted=$1 got=0
  shift
  "$fanfare" "$@" >/dev/null 2>&1 || got=$?
  [ "$got" = "$wanted" ] || fail "fanfare $* exits with $got, not $wanted"
}
expect_exit 0 version
expect_exit 0 man
expect_exit 2 completions tcsh
expect_exit 2 nonsense
expect_exit 2 config check /nowhere
expect_exit 3 status --admin "$work/none.sock"
expect_exit 3 explain chat-1 --admin "$work/none.sock"
echo "man page, completions and exit codes: ok"
