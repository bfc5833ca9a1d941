#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clang-tidy over UNITS, two and more at a time; what has been found clean is not read again.

Clean is a unit with its headers, its flags, the checks and the release of clang-tidy: a hash over the
contents of all that stands for it below ~/.cache. Which headers a unit reads is the build's word
(ninja's dependencies); a unit that has not been built is read always.

usage: tidy.py BUILD UNIT... (paths from the top of the tree)
"""
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

TIDY = "clang-tidy-16"
WARNINGS = ("-Wno-unknown-warning-option", "-Wreserved-identifier", "-Wreserved-macro-identifier")
# The analyzer takes what Asio keeps in the frame of a coroutine for uninitialized, in Asio's own header.
COROUTINES = ("co_await", "--checks=-clang-analyzer-*")
TOP = pathlib.Path(__file__).resolve().parents[1]
CLEAN = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "fanfare/tidy"
OBJECT = re.compile(r" -o (\S+)")  # CMake 3.25 says it nowhere else
KEPT_SECONDS = 60 * 24 * 3600  # what nobody has asked for since then is forgotten


@functools.cache
def content(path: str) -> str:
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def headers_by_object(build: pathlib.Path) -> dict[str, list[str]]:
    """ninja's own table: 'OBJECT: #deps ... (VALID)', then a line for each file."""
    said = subprocess.run(["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True, check=True).stdout
    table: dict[str, list[str]] = {}
    reads: list[str] = []
    for line in said.splitlines():
        if line.startswith("    "):
            reads.append(os.path.normpath(build / line.strip()))
        elif line:
            name, _, state = line.partition(": #deps")
            reads = []
            if "(VALID)" in state:
                table[name] = reads
    return table


def key_of(command: dict, headers: list[str], rules: str) -> str:
    """Paths below the tree count as such, so that every checkout shares what is known."""
    parts = [rules, command["command"].replace(str(TOP), ".")]
    parts += (f"{path.removeprefix(str(TOP))} {content(path)}" for path in sorted(set(headers)))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def tidy(build: pathlib.Path, unit: str, key: str) -> tuple[str, str, float]:
    began = time.monotonic()
    word, without = COROUTINES
    argv = [TIDY, "-p", build, "--quiet", *(f"--extra-arg={warning}" for warning in WARNINGS)]
    argv += [without] if word in (TOP / unit).read_text(encoding="utf-8") else []
    done = subprocess.run([*argv, unit], capture_output=True, text=True, check=False, cwd=TOP)
    if done.returncode == 0 and key:
        (CLEAN / key).touch()
    return unit, (done.stdout + done.stderr if done.returncode else ""), time.monotonic() - began


def forget() -> None:
    for known in CLEAN.iterdir():
        if known.stat().st_mtime < time.time() - KEPT_SECONDS:
            known.unlink(missing_ok=True)


def main(build: pathlib.Path, units: list[str]) -> int:
    CLEAN.mkdir(parents=True, exist_ok=True)
    forget()
    version = subprocess.run([TIDY, "--version"], capture_output=True, text=True, check=True).stdout
    rules = version + " ".join(WARNINGS + COROUTINES) + content(str(TOP / ".clang-tidy"))
    commands = {c["file"]: c for c in json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))}
    headers = headers_by_object(build)
    due = []
    for unit in units:
        command = commands.get(str(TOP / unit))
        read = command and headers.get(OBJECT.search(command["command"])[1])
        key = key_of(command, read, rules) if read else ""
        if key and (CLEAN / key).exists():
            (CLEAN / key).touch()
        else:
            due.append((unit, key))
    print(f"clang-tidy: {len(due)} of {len(units)} units", flush=True)
    found, times = 0, []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for job in concurrent.futures.as_completed([pool.submit(tidy, build, *one) for one in due]):
            unit, words, seconds = job.result()
            times.append((seconds, unit))
            if words:
                found += 1
                print(words, flush=True)
    for seconds, unit in sorted(times, reverse=True)[:3]:
        print(f"clang-tidy: {unit}: {seconds:.0f} s")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]))
