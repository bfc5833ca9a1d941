# SPDX-License-Identifier: Apache-2.0
"""Boots a kernel under QEMU without KVM and takes down what each step said."""
import dataclasses
import pathlib
import re
import subprocess

from packages import Kernel, Refusal

QEMU = ("qemu-system-x86_64", "-accel", "tcg,tb-size=512", "-cpu", "max,la57=off", "-smp", "1", "-m", "2048",
        "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-nic", "none")
COMMAND_LINE = "console=ttyS0 panic=-1 quiet mitigations=off random.trust_cpu=on"


@dataclasses.dataclass
class Step:
    name: str
    seconds: int  # it is killed after these
    command: str


@dataclasses.dataclass
class Outcome:
    code: int
    seconds: float
    said: str


def outcomes_of(report: str) -> dict[str, Outcome]:
    parts = re.split(r"^--- (\S+) (\d+) ([\d.]+) ([\d.]+)\n", report, flags=re.MULTILINE)
    return {name: Outcome(int(code), float(ended) - float(begun), said)
            for name, code, begun, ended, said in zip(*(iter(parts[1:]),) * 5)}


def boot(kernel: Kernel, archives: list[pathlib.Path], work: pathlib.Path, seconds: int) -> dict[str, Outcome]:
    console, report, initrd = work / "console.log", work / "report.log", work / "initrd.cpio"
    initrd.write_bytes(b"".join(archive.read_bytes() for archive in archives))
    report.write_text("")
    try:
        done = subprocess.run([*QEMU, "-kernel", str(kernel.image), "-initrd", str(initrd), "-append", COMMAND_LINE,
                               "-serial", f"file:{console}", "-serial", f"file:{report}"],
                              timeout=seconds, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise Refusal("qemu-system-x86_64 is missing: apt-get install qemu-system-x86") from error
    except subprocess.TimeoutExpired as error:
        raise Refusal(f"{kernel.release} did not end within {seconds} s; it said last: {last_of(report)}; the "
                      f"console: {last_of(console)}") from error
    outcomes = outcomes_of(report.read_text(errors="replace"))
    if "end" not in outcomes:
        raise Refusal(f"{kernel.release} did not come to its end ({done.stderr.strip()}); the console: "
                      f"{last_of(console)}")
    return outcomes


def last_of(log: pathlib.Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return " / ".join(line.strip() for line in lines[-5:]) or "nothing"
