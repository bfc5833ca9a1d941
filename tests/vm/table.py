# SPDX-License-Identifier: Apache-2.0
"""The table of kernels, as tests/vm/kernels.md and the README have it."""
import pathlib
import re

from steps import Verdict

HERE = pathlib.Path(__file__).resolve().parent
KEPT, README = HERE / "kernels.md", HERE.parents[1] / "README.md"
BEGIN, END = "<!-- kernels begin -->\n", "<!-- kernels end -->\n"
SHOWN = ("on_egress", "on_ingress", "on_drain", "on_set_state")
HEAD = ("| kernel | Debian | loads | counts exactly | " + " | ".join(f"`{name}`" for name in SHOWN) + " |\n"
        "|---|---|---|---|" + "---|" * len(SHOWN) + "\n")


def row(verdict: Verdict, suites: str) -> str:
    figures = [f"{program.instructions:,} ({program.seconds:.1f} s)" if program else "-"
               for program in map(verdict.programs.get, SHOWN)]
    def word(is_so: bool) -> str:
        return "yes" if is_so else "no"
    return f"| {' | '.join([verdict.release, suites, word(verdict.loads), word(verdict.exact), *figures])} |\n"


def keep(rows: list[str]) -> None:
    """Writes it to both places."""
    KEPT.write_text(HEAD + "".join(rows))
    text = README.read_text()
    before, found, rest = text.partition(BEGIN)
    if found:
        README.write_text(before + BEGIN + KEPT.read_text() + END + rest.partition(END)[2])


def against() -> str:
    """What is wrong with the table that is kept: a sentence, or nothing."""
    kept = KEPT.read_text()
    shown = README.read_text().partition(BEGIN)[2].partition(END)[0]
    if shown != kept:
        return "the README's table of kernels is not tests/vm/kernels.md: run ./run kernels"
    bad = [line for line in kept.splitlines()[2:] if " no | " in line and not re.match(r"\| 5\.", line)]
    return f"the table shows a kernel that is promised and fails: {bad[0]}" if bad else ""
