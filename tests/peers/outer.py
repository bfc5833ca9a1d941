# SPDX-License-Identifier: Apache-2.0
"""A network namespace of this process's own, so that runs may go beside each other: ports, what
tcpdump hears and what lies on the loopback are nobody else's. Needs root.
"""
import contextlib
import ctypes
import os
import pathlib
import subprocess

from cgroups import Cgroups, home_cgroup
from processes import Failure

CLONE_NEWNET = 0x40000000  # include/uapi/linux/sched.h
LIBC = ctypes.CDLL(None, use_errno=True)


def own_network() -> None:
    """For this thread and all that it starts from now on; it goes with the last of them."""
    if LIBC.unshare(CLONE_NEWNET) != 0:
        raise Failure(f"no network namespace can be made: {os.strerror(ctypes.get_errno())}")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True, timeout=10)


@contextlib.contextmanager
def own_cgroup(purpose: str):
    """Its path; this process is in it, and all that it starts."""
    home = home_cgroup()
    with Cgroups(purpose, ["room"]) as cgroups:
        path = cgroups.paths["room"]
        pathlib.Path(path, "cgroup.procs").write_text("0", encoding="ascii")
        try:
            yield path
        finally:
            (home / "cgroup.procs").write_text("0", encoding="ascii")
