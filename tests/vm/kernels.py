# SPDX-License-Identifier: Apache-2.0
"""fanfare on other kernels: boots those of kernels.txt, or the ones named, in QEMU without KVM.

usage: kernels.py FANFARE KERNEL_TESTS WORK CACHE [--write] [NAME...]
       kernels.py --table                        only whether the README has the table that is kept
"""
import pathlib
import sys
import time

import initramfs
import machine
import steps
import table
from packages import Refusal, fetch

HERE = pathlib.Path(__file__).resolve().parent
BOOT_SECONDS = 1800


def promised() -> dict[str, tuple[list[str], str]]:
    """Name to suites and what is expected, in the file's order."""
    rows = [line.split() for line in (HERE / "kernels.txt").read_text().splitlines() if not line.startswith("#")]
    return {name: (suites.split(","), expected) for name, suites, expected in rows}


# Today's newest may be the backported one: a kernel boots once.
done: dict[str, steps.Verdict] = {}


def run(name: str, binaries: list[pathlib.Path], work: pathlib.Path, cache: pathlib.Path) -> steps.Verdict:
    suites, expected = promised()[name]
    work = work / name
    work.mkdir(parents=True, exist_ok=True)
    kernel = fetch(suites, cache)
    if kernel.release in done:
        print(f"{name}: Linux {kernel.release}: as above", flush=True)
        return done[kernel.release]
    todo = steps.steps(expected)
    lines = "".join(f"{step.name} {step.seconds} {step.command}\n" for step in todo)
    archives = [initramfs.userland(work, binaries, {"/steps": lines, "/etc/all.yml": (HERE / "all.yml").read_text()}),
                initramfs.modules(work, kernel)]
    begun = time.monotonic()
    outcomes = machine.boot(kernel, archives, work, BOOT_SECONDS)
    verdict = steps.judge(kernel.release, expected, outcomes)
    took = ", ".join(f"{step.name} {outcomes[step.name].seconds:.0f}" for step in todo)
    print(f"{name}: Linux {kernel.release}: {time.monotonic() - begun:.0f} s ({took})", flush=True)
    for program, figures in verdict.programs.items():
        print(f"  {program}: {figures.instructions} instructions, {figures.seconds} s")
    for sentence in verdict.against:
        print(f"{name}: {sentence}", flush=True)
    done[kernel.release] = verdict
    return verdict


def main(words: list[str]) -> int:
    if words == ["--table"]:
        print(table.against() or "the README has the table that is kept")
        return 1 if table.against() else 0
    write = "--write" in words
    fanfare, tests, work, cache, *names = [word for word in words if word != "--write"]
    unknown = set(names) - set(promised())
    if unknown:
        print(f"no such kernel: {', '.join(sorted(unknown))}; there are {', '.join(promised())}", file=sys.stderr)
        return 2
    binaries = [pathlib.Path(fanfare).resolve(), pathlib.Path(tests).resolve()]
    rows, failed = [], False
    for name in names or promised():
        try:
            verdict = run(name, binaries, pathlib.Path(work).resolve(), pathlib.Path(cache).resolve())
        except Refusal as refusal:
            print(f"{name}: {refusal}", flush=True)
            failed = True
            continue
        failed = failed or bool(verdict.against)
        rows.append(table.row(verdict, ", ".join(promised()[name][0])))
    print(table.HEAD + "".join(rows), end="")
    if write and not names and not failed:
        table.keep(rows)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
