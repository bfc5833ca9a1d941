# SPDX-License-Identifier: Apache-2.0
"""The agent's hooks are taken away in the middle of an outage: told, mended, and paged in time."""
import ctypes
import os
import platform
import time

import web
from harness import Cluster
from processes import Failure
from scenarios import LEARN_WELL_SECONDS, REACH, Scenario, Verdict, expect_page, learn

NOT_COUNTING = "FanfareNotCounting"
TOLD_SECONDS = 10  # from the detaching to the alert
PAGE_AFTER_SECONDS = 20  # from the programs' being attached again to the outage's page

# The system call, and what of it is UAPI (linux/bpf.h).
BPF_CALL = {"x86_64": 321, "aarch64": 280}[platform.machine()]
LINK_GET_FD_BY_ID, LINK_GET_NEXT_ID, GET_INFO_BY_FD, LINK_DETACH = 30, 31, 15, 34
LINK_TYPE_CGROUP = 3


def bpf(command: int, attributes: bytearray) -> int:
    """The call's result, -1 for an error; it may write into `attributes`."""
    buffer = (ctypes.c_char * len(attributes)).from_buffer(attributes)
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.syscall(BPF_CALL, command, ctypes.byref(buffer), len(attributes))


def u32(*values: int) -> bytearray:
    return bytearray(b"".join(v.to_bytes(4, "little") for v in values))


def cgroup_of(link: int) -> int:
    """Id of the cgroup that the link with this descriptor is attached to; 0: to none."""
    info = (ctypes.c_char * 256)()
    request = u32(link, 256) + ctypes.addressof(info).to_bytes(8, "little")
    if bpf(GET_INFO_BY_FD, request) != 0:
        return 0
    kind = int.from_bytes(info.raw[0:4], "little")
    return int.from_bytes(info.raw[16:24], "little") if kind == LINK_TYPE_CGROUP else 0


def links_of(cgroup: int) -> list[int]:
    """Descriptors of the links on a cgroup, which the caller closes."""
    found, at = [], 0
    while True:
        request = u32(at, 0, 0)
        if bpf(LINK_GET_NEXT_ID, request) != 0:
            return found
        at = int.from_bytes(request[4:8], "little")
        link = bpf(LINK_GET_FD_BY_ID, u32(at, 0, 0))
        if link < 0:
            continue
        if cgroup_of(link) == cgroup:
            found.append(link)
        else:
            os.close(link)


def attached(cgroup: int) -> int:
    links = links_of(cgroup)
    for link in links:
        os.close(link)
    return len(links)


def detach(cgroup: int) -> int:
    links = links_of(cgroup)
    gone = sum(bpf(LINK_DETACH, u32(link)) == 0 for link in links)
    for link in links:
        os.close(link)
    return gone


def hooks_detached(cluster: Cluster, verdict: Verdict) -> None:
    """The outage begins, and in its first second somebody detaches the programs of that node."""
    learn(cluster, verdict, LEARN_WELL_SECONDS)
    node, agent = cluster.nodes["n1"], cluster.agents["n1"]
    cgroup = os.stat(agent.cgroup).st_ino
    verdict.equal("programs on the cgroup", 2, attached(cgroup))
    node.switch("drop_remote")
    time.sleep(1)
    began = time.monotonic()
    verdict.equal("links detached", 2, detach(cgroup))
    expect_page(cluster, verdict, NOT_COUNTING, "n1", began, TOLD_SECONDS)
    try:
        web.wait_for("attached again", lambda: attached(cgroup) == 2, TOLD_SECONDS)
    except Failure as failure:
        verdict.expect(False, str(failure))
    again = time.monotonic()
    verdict.expect(True, f"n1: attached again, seen {again - began:.1f} s after")
    expect_page(cluster, verdict, REACH, "n1", began, again - began + PAGE_AFTER_SECONDS)
    verdict.expect(agent.value("attached") == 1 and agent.value("self_check_success") == 1,
                   "n1: its metrics say that it counts")
    verdict.expect(agent.value("capture_losses_total", reason="unattached") >= 1,
                   "n1: the gap has a name")
    others = [f for f in cluster.alertmanager.firing() if f.node != "n1"]
    verdict.equal("alerts of the other nodes", "none", ", ".join(map(str, others)) or "none")
    node.switch("none")


SCENARIOS = {"hooks_detached": Scenario(hooks_detached)}
