#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""fanfare doctor for real: each thing that an agent needs taken away in turn.

Needs root. usage: doctor_test.py FANFARE [unittest's arguments]
"""
import ctypes
import json
import os
import pathlib
import platform
import socket
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

FANFARE = pathlib.Path(sys.argv.pop(1)).resolve()

PROGRAMS = {"FF-301", "FF-302", "FF-303", "FF-304", "FF-401", "FF-402"}
BPF_SYSCALL = {"x86_64": 321, "aarch64": 280}[platform.machine()]
BPF_PROG_LOAD = 5
SECCOMP_ALLOW, SECCOMP_EPERM, SECCOMP_KILL = 0x7FFF0000, 0x00050001, 0x80000000


def cgroup_root() -> pathlib.Path:
    mounts = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
    return pathlib.Path(next(l.split()[4] for l in mounts if " - cgroup2 " in l))


def seccomp(verdict: int, command: int | None = None):
    """A function that makes the calling process refuse bpf(2), or only one of its commands."""
    load_number = struct.pack("HBBI", 0x20, 0, 0, 0)
    load_command = struct.pack("HBBI", 0x20, 0, 0, 16)  # the low half of the first argument
    refuse = struct.pack("HBBI", 0x06, 0, 0, verdict)
    allow = struct.pack("HBBI", 0x06, 0, 0, SECCOMP_ALLOW)

    def equal(value: int, otherwise: int) -> bytes:
        return struct.pack("HBBI", 0x15, 0, otherwise, value)
    code = load_number + equal(BPF_SYSCALL, 1) + refuse + allow
    if command is not None:
        code = (load_number + equal(BPF_SYSCALL, 3) + load_command + equal(command, 1) + refuse +
                allow)
    text = ctypes.create_string_buffer(code)
    program = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(text)))
    libc = ctypes.CDLL(None, use_errno=True)

    def install():
        if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
            raise OSError(ctypes.get_errno(), "seccomp")
    install.keep = text
    return install


class Report:
    """One examination: as people read it, and as programs do."""

    def __init__(self, code: int, text: str, document: dict):
        self.code, self.text, self.verdict = code, text, document["verdict"]
        self.checks = {check["code"]: check for check in document["checks"]}

    def having(self, result: str) -> set:
        return {code for code, check in self.checks.items() if check["result"] == result}


class Doctor(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="fanfare-doctor-test-")
        self.addCleanup(directory.cleanup)
        self.room = pathlib.Path(directory.name)
        self.admin = self.room / "admin.sock"

    def run_doctor(self, *words, prefix=(), **options):
        return subprocess.run(
            [*prefix, FANFARE, "doctor", "--listen", "127.0.0.1:0", "--admin", self.admin,
             *map(str, words)], capture_output=True, text=True, timeout=60, check=False, **options)

    def examine(self, *words, **options) -> Report:
        text = self.run_doctor(*words, **options)
        document = self.run_doctor(*words, "-o", "json", **options)
        self.assertEqual(text.returncode, document.returncode, text.stderr + document.stderr)
        self.assertEqual(list(cgroup_root().glob("fanfare-doctor-*")), [], "a cgroup is left")
        return Report(text.returncode, text.stdout, json.loads(document.stdout))

    def assert_misses(self, report: Report, code: int, *codes: str):
        self.assertEqual(report.having("miss"), set(codes), report.text)
        self.assertEqual(report.code, code, report.text)
        self.assertEqual(report.verdict, {0: "fine", 1: "finding", 4: "cannot_run"}[code])
        for missed in codes:
            check = report.checks[missed]
            self.assertRegex(report.text, rf"[×X] +{missed}  ")
            for part in ("cause", "consequence", "remedy"):
                self.assertTrue(check[part], check)
                self.assertIn(check[part].replace("\n", " ").split(": ")[0], report.text)


class WithEverything(Doctor):
    def test_all_of_it_is_done_and_nothing_stays(self):
        report = self.examine()
        self.assert_misses(report, 0)
        self.assertEqual(report.having("warning"), set(), report.text)
        self.assertLessEqual(PROGRAMS, report.having("ok"))
        self.assertIn("3 messages sent, 3 counted", report.text)
        self.assertIn("An agent can run here.", report.text)
        self.assertFalse(self.admin.exists())
        self.assertEqual(list(self.room.iterdir()), [])

    def test_a_directory_that_the_agent_would_make_is_not_left_behind(self):
        report = self.examine("--admin", self.room / "sub" / "admin.sock")
        self.assert_misses(report, 0)
        self.assertFalse((self.room / "sub").exists())

    def test_marks_follow_the_locale(self):
        for locale, mark in (("C.UTF-8", " √  FF-201"), ("C", " ok FF-201"), ("", " ok FF-201")):
            environment = {**os.environ, "LC_ALL": locale, "LC_CTYPE": "", "LANG": ""}
            self.assertIn(mark, self.run_doctor(env=environment).stdout, locale)

    def test_usage(self):
        for words in (("--listen", "nonsense"), ("--addresses",), ("--nonsense",), ("word",)):
            done = self.run_doctor(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)


class WithoutCapabilities(Doctor):
    def test_each_in_turn(self):
        # CAP_SYS_ADMIN stands for the first two.
        for names, code, still_ok in ((("bpf", "sys_admin"), "FF-201", set()),
                                      (("perfmon", "sys_admin"), "FF-202", {"FF-301"}),
                                      (("net_admin",), "FF-203", {"FF-301"})):
            dropped = ",".join("-" + name for name in names)
            report = self.examine(prefix=("setpriv", "--bounding-set", dropped))
            self.assert_misses(report, 4, code)
            self.assertIn("not in the bounding set", report.checks[code]["cause"])
            self.assertIn(names[0].upper(), report.checks[code]["remedy"])
            self.assertEqual(PROGRAMS & report.having("ok"), still_ok)
            self.assertEqual(report.checks["FF-302"]["seen"],
                             f"needs CAP_{names[0].upper()} ({code})")

    def test_sys_admin_is_not_needed_where_user_namespaces_are_allowed(self):
        free = subprocess.run(["setpriv", "--bounding-set", "-sys_admin", "unshare", "-U", "true"],
                              capture_output=True, check=False)
        if free.returncode != 0:
            self.skipTest("this host forbids user namespaces: " + free.stderr.decode())
        report = self.examine(prefix=("setpriv", "--bounding-set", "-sys_admin"))
        self.assert_misses(report, 0)
        self.assertEqual(report.checks["FF-401"]["result"], "ok")

    def test_as_a_user(self):
        nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        self.room.chmod(0o777)
        report = self.examine(prefix=nobody)
        self.assert_misses(report, 4, "FF-201", "FF-202", "FF-203")
        self.assertIn("user 65534 does not have it", report.checks["FF-201"]["cause"])
        self.room.chmod(0o755)
        report = self.examine(prefix=nobody)
        self.assert_misses(report, 4, "FF-201", "FF-202", "FF-203", "FF-503")
        self.assertEqual(report.checks["FF-503"]["cause"],
                         f"cannot listen on {self.admin}: Permission denied")

    def test_capabilities_of_a_user_namespace_are_none(self):
        report = self.examine(prefix=("unshare", "--user", "--map-root-user"))
        self.assert_misses(report, 4, "FF-204")
        self.assertEqual(PROGRAMS & report.having("ok"), set())


class WithSeccomp(Doctor):
    def test_a_filter_that_refuses_bpf(self):
        report = self.examine(preexec_fn=seccomp(SECCOMP_EPERM))
        self.assert_misses(report, 4, "FF-205")
        self.assertIn("a seccomp filter refuses it", report.checks["FF-205"]["cause"])
        self.assertIn("(FF-205)", report.checks["FF-302"]["seen"])

    def test_a_filter_that_kills_for_bpf(self):
        report = self.examine(preexec_fn=seccomp(SECCOMP_KILL))
        self.assert_misses(report, 4, "FF-205")
        self.assertIn("kills the process", report.checks["FF-205"]["cause"])

    def test_a_filter_that_refuses_only_programs(self):
        report = self.examine(preexec_fn=seccomp(SECCOMP_EPERM, BPF_PROG_LOAD))
        self.assert_misses(report, 4, "FF-302")
        self.assertIn("a seccomp filter is on", report.checks["FF-302"]["cause"])
        self.assertEqual(report.checks["FF-301"]["result"], "ok")


class InAnotherPlace(Doctor):
    IN_PRIVATE_CGROUPS = (
        "root=$1; shift; mkdir \"$root/fanfare-ns-$$\" && "
        "echo $$ > \"$root/fanfare-ns-$$/cgroup.procs\" && exec unshare --cgroup --mount sh -c '"
        "umount \"$1\"; mount -t cgroup2 none \"$1\" && shift && exec \"$@\"' sh \"$root\" \"$@\"")

    def remove_cgroups(self):
        for leftover in cgroup_root().rglob("fanfare-ns-*"):
            leftover.rmdir()

    def test_in_a_private_cgroup_namespace(self):
        self.addCleanup(self.remove_cgroups)
        prefix = ("sh", "-c", self.IN_PRIVATE_CGROUPS, "sh", str(cgroup_root()))
        report = self.examine(prefix=prefix)
        self.assert_misses(report, 4, "FF-104")
        self.assertIn("private cgroup namespace", report.checks["FF-104"]["cause"])
        self.assertIn("(FF-104)", report.checks["FF-302"]["seen"])
        report = self.examine("--cgroup", cgroup_root(), prefix=prefix)
        self.assert_misses(report, 0)
        self.assertEqual(report.having("warning"), {"FF-104"}, report.text)

    def test_where_there_is_no_such_cgroup(self):
        report = self.examine("--cgroup", "/nowhere")
        self.assert_misses(report, 4, "FF-103")
        report = self.examine("--cgroup", "/tmp")
        self.assert_misses(report, 4, "FF-103")

    def test_with_a_cgroup_tree_that_is_read_only(self):
        script = 'mount -o bind,remount,ro "$1" && shift && exec "$@"'
        report = self.examine(
            prefix=("unshare", "--mount", "sh", "-c", script, "sh", str(cgroup_root())))
        self.assert_misses(report, 0)
        self.assertEqual(report.having("warning"), set(), report.text)
        self.assertIn("no cgroup could be made", report.checks["FF-401"]["seen"])
        self.assertIn("none of doctor's own", report.checks["FF-303"]["seen"])

    def test_without_type_information(self):
        (self.room / "empty").touch()
        for script, cause in (
                (f'mount --bind {self.room}/empty /sys/kernel/btf/vmlinux', "is no type inform"),
                ('mount -t tmpfs none /sys/kernel/btf', "this kernel shows no")):
            report = self.examine(
                prefix=("unshare", "--mount", "sh", "-c", script + ' && exec "$@"', "sh"))
            self.assert_misses(report, 4, "FF-102")
            self.assertIn(cause, report.checks["FF-102"]["cause"])
            self.assertIn("(FF-102)", report.checks["FF-302"]["seen"])

    def test_in_a_private_pid_namespace(self):
        for words in ((), ("--mount-proc",)):
            report = self.examine(prefix=("unshare", "--pid", "--fork", *words))
            self.assert_misses(report, 1, "FF-402")
            self.assertIn("pid namespace of its own", report.checks["FF-402"]["cause"])
            self.assertLessEqual(PROGRAMS - {"FF-402"}, report.having("ok"))


class WithSurroundings(Doctor):
    def agent(self, *words):
        log = open(self.room / "log", "wb")
        self.addCleanup(log.close)
        agent = subprocess.Popen([FANFARE, "agent", "--listen", "127.0.0.1:0", "--admin",
                                  self.admin, *words], stderr=log)
        self.addCleanup(agent.wait)
        self.addCleanup(agent.kill)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            ready = subprocess.run([FANFARE, "status", "--admin", self.admin],
                                   capture_output=True, check=False).returncode != 3
            if ready:
                words = (self.room / "log").read_text().split()
                return next(w for w in words if w.startswith("http://")).split("/")[2]
            time.sleep(0.1)
        raise AssertionError("the agent did not start")

    def test_a_port_that_somebody_has(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            report = self.examine("--listen", address)
        self.assert_misses(report, 4, "FF-502")
        comm = pathlib.Path("/proc/self/comm").read_text().strip()
        self.assertIn(f"by {comm}, pid {os.getpid()}", report.checks["FF-502"]["cause"])

    def test_beside_a_running_agent(self):
        address = self.agent()
        report = self.examine("--listen", address)
        self.assert_misses(report, 0)
        for code in ("FF-502", "FF-503", "FF-504"):
            self.assertEqual(report.checks[code]["result"], "ok", report.text)
        report = self.examine("--listen", address, "--admin", self.room / "other.sock")
        self.assert_misses(report, 0)
        self.assertEqual(report.having("warning"), {"FF-502"}, report.text)
        self.assertIn("by a fanfare agent", report.checks["FF-502"]["cause"])
        self.assertTrue(self.admin.exists(), "the agent's socket is gone")

    def test_an_admin_socket_that_is_none(self):
        self.admin.write_text("mine")
        report = self.examine()
        self.assert_misses(report, 4, "FF-503")
        self.assertEqual(self.admin.read_text(), "mine")

    def test_a_configuration_that_is_refused(self):
        config = self.room / "bad.yaml"
        config.write_text("node: a\nclustr: x\n")
        report = self.examine("--config", config)
        self.assert_misses(report, 4, "FF-501")
        self.assertIn(f"{config}:2: clustr", report.checks["FF-501"]["cause"])

    def test_a_bundle(self):
        config = self.room / "good.yaml"
        config.write_text("alertmanagers: ['http://ops:hunter2@127.0.0.1:1']\n")
        self.agent("--config", config)
        bundle = self.room / "b.tar.gz"
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            with socket.create_connection(listener.getsockname()), listener.accept()[0] as server:
                server.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
                               b"\x81\x02hi")
                deadline = time.monotonic() + 20
                while not json.loads(subprocess.run(
                        [FANFARE, "sockets", "--admin", self.admin, "-o", "json"],
                        capture_output=True, check=True).stdout) and time.monotonic() < deadline:
                    time.sleep(0.2)
                done = self.run_doctor("--config", config, "--bundle", bundle)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        with tarfile.open(bundle) as tar:
            texts = {member.name.removeprefix("fanfare-bundle/"): tar.extractfile(member).read()
                     for member in tar.getmembers()}
        for name, text in texts.items():
            self.assertNotIn(b"hunter2", text, name)
        self.assertEqual(json.loads(texts["doctor.json"])["verdict"], "fine")
        self.assertTrue(json.loads(texts["agent/status.json"])["ready"])
        self.assertIn("header", json.loads(texts["agent/losses.json"]))
        self.assertIn(b"fanfare_build_info", texts["agent/metrics.txt"])
        rows = json.loads(texts["agent/sockets.json"])
        self.assertTrue(rows, "the server's socket is listed")
        self.assertEqual({(row["remote"], row["local"]) for row in rows}, {(None, None)})
        again = self.run_doctor("--bundle", bundle)
        self.assertEqual((again.returncode, again.stdout), (2, ""))
        self.assertIn("not overwritten", again.stderr)

    def test_a_bundle_without_an_agent_and_with_a_miss(self):
        bundle = self.room / "b.tar.gz"
        done = self.run_doctor("--bundle", bundle, prefix=("setpriv", "--bounding-set",
                                                           "-net_admin"))
        self.assertEqual(done.returncode, 4, done.stderr)
        with tarfile.open(bundle) as tar:
            names = {name.removeprefix("fanfare-bundle/") for name in tar.getnames()}
            why = tar.extractfile("fanfare-bundle/agent/why-not.txt").read().decode()
        self.assertEqual(names, {"doctor.json", "version.txt", "host.json", "config.yaml",
                                 "agent/why-not.txt"})
        self.assertIn(f"no agent at {self.admin}", why)


class TheAgentsOwnRefusals(Doctor):
    def test_they_name_the_code(self):
        for words, prefix, code in (
                ((), ("setpriv", "--bounding-set", "-net_admin"), "FF-203"),
                (("--cgroup", "/tmp"), (), "FF-103"),
                (("--listen", "192.0.2.1:1"), (), "FF-502"),
                (("--admin", "/proc/x/y"), (), "FF-503")):
            done = subprocess.run(
                [*prefix, FANFARE, "agent", "--listen", "127.0.0.1:0", "--admin", self.admin,
                 *words], capture_output=True, text=True, timeout=60, check=False)
            self.assertIn(done.returncode, (2, 4), done.stderr)
            self.assertIn(f"fanfare help {code}", done.stderr)
            told = subprocess.run([FANFARE, "help", code], capture_output=True, check=False)
            self.assertEqual(told.returncode, 0)


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("skipped: doctor_test loads kernel programs and needs root", file=sys.stderr)
        sys.exit(77)
    unittest.main(verbosity=2)
