# SPDX-License-Identifier: Apache-2.0
"""Hosts of a small data centre: network namespaces on one switch, a cgroup for each.

The namespaces have no names: they live as long as somebody is in them, so a crash leaves none.
Cgroups and the directory are left by a crash; the next run removes them. Needs root.
"""
import ctypes
import errno
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time

from cgroups import home_cgroup
from processes import Failure

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000  # include/uapi/linux/sched.h
OURS = re.compile(r"fanfare-test-(\d+)")  # as in tests/support/own_cgroup.cpp
REMOVE_SECONDS = 5
SWITCH = "10.77.0.254"


def must(result: int, what: str) -> None:
    if result != 0:
        raise Failure(f"{what}: {os.strerror(ctypes.get_errno())}")


def new_namespace() -> int:
    """A file descriptor of a network namespace in which only `lo` is up."""
    made = []

    def work():  # unshare concerns the calling thread only
        if LIBC.unshare(CLONE_NEWNET) == 0:
            made.append(os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if not made:
        raise Failure("no network namespace can be made: this needs root")
    ip(made[0], "link", "set", "lo", "up")
    return made[0]


def enter_namespace(namespace: int) -> None:
    must(LIBC.setns(namespace, CLONE_NEWNET), "entering a network namespace")


def ip(namespace: int, *words: str) -> None:
    subprocess.run(["ip", *words], preexec_fn=lambda: enter_namespace(namespace), check=True,
                   timeout=10)


def ip_here(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, timeout=10)


def cgroup_mount() -> pathlib.Path:
    """Where the host's cgroup v2 tree is; its root has inode 1."""
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        places = [line.split()[1] for line in mounts if line.split()[2] == "cgroup2"]
    for place in places:
        if os.stat(place).st_ino == 1:
            return pathlib.Path(place)
    raise Failure("no cgroup v2 of the host is mounted")


def remove_cgroup(path: pathlib.Path) -> None:
    """With all below it. Its processes have been told to end and may need a moment."""
    deadline = time.monotonic() + REMOVE_SECONDS
    for below in sorted((p for p in path.rglob("*") if p.is_dir()), reverse=True):
        remove_cgroup(below)
    while True:
        try:
            return path.rmdir()
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno != errno.EBUSY or time.monotonic() > deadline:
                raise Failure(f"cannot remove {path}: {error.strerror}") from None
            time.sleep(0.05)


def remove_left_over() -> None:
    """What runs that are no more have left behind."""
    def dead(path: pathlib.Path) -> bool:
        match = OURS.fullmatch(path.name)
        return bool(match) and not pathlib.Path(f"/proc/{match[1]}").exists()

    for path in filter(dead, cgroup_mount().iterdir()):
        remove_cgroup(path)
    for path in filter(dead, pathlib.Path(tempfile.gettempdir()).iterdir()):
        shutil.rmtree(path, ignore_errors=True)


class Host:
    """One host: `place` puts a child there before its program runs."""

    def __init__(self, switch: int, number: int, cgroup: pathlib.Path):
        self.name = f"n{number}"
        self.address = f"10.77.0.{number}"
        self.cgroup = cgroup / self.name
        self.cgroup.mkdir()
        self._namespace = new_namespace()
        port = f"port{number}"
        ip(switch, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns",
           f"/proc/{os.getpid()}/fd/{self._namespace}")
        ip(switch, "link", "set", port, "master", "switch", "up")
        ip(self._namespace, "addr", "add", f"{self.address}/24", "dev", "eth0")
        ip(self._namespace, "link", "set", "eth0", "up")

    def set_retries(self, count: int) -> None:
        """How often TCP sends again to a peer that is gone: 8 gives up after some 100 s."""
        subprocess.run(["sh", "-c", f"echo {count} > /proc/sys/net/ipv4/tcp_retries2"],
                       preexec_fn=self.place_outside, check=True, timeout=10)

    def place(self) -> None:
        """In the cgroup."""
        self.place_outside()
        (self.cgroup / "cgroup.procs").write_text("0", encoding="ascii")

    def place_outside(self) -> None:
        """On the host, but not in the cgroup that its agent watches."""
        enter_namespace(self._namespace)


class Hosts:
    """All of them; within the context this process is on the switch, and can reach each."""

    def __init__(self, count: int):
        self._count = count
        self.all: list[Host] = []

    def __enter__(self):
        if os.geteuid() != 0:
            raise Failure("hosts are network namespaces and cgroups: this needs root")
        remove_left_over()
        name = f"fanfare-test-{os.getpid()}"
        self.cgroup = cgroup_mount() / name
        # Short, for the path of a unix socket has at most 107 bytes.
        self.directory = pathlib.Path(tempfile.gettempdir()) / name
        self._home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self._home_cgroup = home_cgroup()
        try:
            self.cgroup.mkdir()
            self.directory.mkdir(mode=0o700)
            switch = new_namespace()
            ip(switch, "link", "add", "switch", "type", "bridge")
            ip(switch, "addr", "add", f"{SWITCH}/24", "dev", "switch")
            ip(switch, "link", "set", "switch", "up")
            self.all = [Host(switch, i + 1, self.cgroup) for i in range(self._count)]
            enter_namespace(switch)
            # This process and what it starts outside of the hosts: all that runs is in one cgroup.
            (self.cgroup / "switch").mkdir()
            (self.cgroup / "switch/cgroup.procs").write_text("0", encoding="ascii")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        enter_namespace(self._home)
        (self._home_cgroup / "cgroup.procs").write_text("0", encoding="ascii")
        shutil.rmtree(self.directory, ignore_errors=True)
        if self.cgroup.exists():
            remove_cgroup(self.cgroup)
