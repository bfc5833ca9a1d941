# SPDX-License-Identifier: Apache-2.0
"""Becomes a container as a rendered pod says, and then the program of its image; needs root.

What a container runtime would do for that pod: its own mount, network, UTS, IPC and cgroup namespaces, a pid namespace
unless hostPID; the image as root file system, read-only where the pod says so; the pod's volumes; exactly the pod's
capabilities; no_new_privs. Not done: seccomp profiles by name, AppArmor, SELinux. `without_namespaces` refuses
unshare(2), which the usual RuntimeDefault profile does for those without CAP_SYS_ADMIN.

usage: container.py SPEC.json ARGUMENTS..., where SPEC has `rootfs`, `mounts` [{source, target, read_only, type}],
`capabilities` (names without CAP_), `read_only_root`, `no_new_privileges`, `environment`, `without_namespaces`
"""
import ctypes
import fcntl
import json
import os
import pathlib
import socket
import struct
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_SLAVE = 4096, 16384, 1 << 19
MNT_DETACH = 2
PR_CAPBSET_DROP, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 24, 22, 38, 47
CAPABILITIES = {"NET_ADMIN": 12, "SYS_PTRACE": 19, "SYS_ADMIN": 21, "PERFMON": 38, "BPF": 39}
LAST_CAPABILITY = int(pathlib.Path("/proc/sys/kernel/cap_last_cap").read_text())
SYSCALLS = {"x86_64": {"pivot_root": 155, "unshare": 272},
            "aarch64": {"pivot_root": 41, "unshare": 97}}[os.uname().machine]


def check(result: int, what: str):
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


def mount(source, target, kind=None, flags=0, options=None):
    words = [None if word is None else str(word).encode() for word in (source, target, kind)]
    check(LIBC.mount(*words, ctypes.c_ulong(flags), options), f"mount {source} on {target}")


def bind(source, target, read_only: bool):
    mount(source, target, flags=MS_BIND | MS_REC)
    if read_only:
        mount(None, target, flags=MS_BIND | MS_REMOUNT | MS_RDONLY)


def enter_root(spec: dict):
    """The image becomes the root, with the pod's volumes in it."""
    root = pathlib.Path(spec["rootfs"])
    mount(None, "/", flags=MS_REC | MS_SLAVE)
    bind(root, root, False)
    mount("proc", root / "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount("sysfs", root / "sys", "sysfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount("tmpfs", root / "dev", "tmpfs", MS_NOSUID, b"mode=755")
    for device in ("null", "zero", "urandom"):
        (root / "dev" / device).touch()
        bind("/dev/" + device, root / "dev" / device, False)
    for volume in spec["mounts"]:
        bind(volume["source"], root / volume["target"].lstrip("/"), volume["read_only"])
    if spec["read_only_root"]:
        mount(None, root, flags=MS_BIND | MS_REMOUNT | MS_RDONLY)
    os.chdir(root)
    check(LIBC.syscall(SYSCALLS["pivot_root"], b".", b"."), "pivot_root")
    check(LIBC.umount2(b".", MNT_DETACH), "umount of the old root")
    os.chdir("/")


def bring_loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh14x", b"lo", 1)  # IFF_UP
        fcntl.ioctl(control, 0x8914, request)  # SIOCSIFFLAGS


def keep_capabilities(names: list):
    kept = {CAPABILITIES[name] for name in names}
    for number in range(LAST_CAPABILITY + 1):
        if number not in kept:
            check(LIBC.prctl(PR_CAPBSET_DROP, number, 0, 0, 0), f"dropping capability {number}")
    check(LIBC.prctl(PR_CAP_AMBIENT, 4, 0, 0, 0), "clearing ambient capabilities")
    bits = sum(1 << number for number in kept)
    header = struct.pack("Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3
    low, high = bits & 0xFFFFFFFF, bits >> 32
    data = struct.pack("6I", low, low, 0, high, high, 0)
    check(LIBC.capset(header, data), "capset")


def refuse_namespaces():
    """unshare(2) answers EPERM."""
    def step(code, jump_true, jump_false, value):
        return struct.pack("HBBI", code, jump_true, jump_false, value)
    code = (step(0x20, 0, 0, 0) + step(0x15, 0, 1, SYSCALLS["unshare"]) +
            step(0x06, 0, 0, 0x00050001) + step(0x06, 0, 0, 0x7FFF0000))
    text = ctypes.create_string_buffer(code)
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(text)))
    check(LIBC.prctl(PR_SET_SECCOMP, 2, program, 0, 0), "seccomp")


def main():
    spec = json.loads(pathlib.Path(sys.argv[1]).read_text())
    bring_loopback_up()
    socket.sethostname("pod")
    enter_root(spec)
    os.setgroups([])
    if spec["no_new_privileges"]:
        check(LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    if spec["without_namespaces"]:
        refuse_namespaces()
    keep_capabilities(spec["capabilities"])
    os.execve("/usr/bin/fanfare", ["fanfare", *sys.argv[2:]], spec["environment"])


if __name__ == "__main__":
    main()
