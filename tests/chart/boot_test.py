# SPDX-License-Identifier: Apache-2.0
"""The .deb in a fresh Debian with systemd as its first process: it starts under the unit's restrictions and counts.

The Debian is a container on this machine with a part of its cgroup tree, not a machine of its own. Needs root.
usage: boot_test.py BUILD (all of it built) WORK [unittest's arguments]
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
BUILD, WORK = (pathlib.Path(sys.argv.pop(1)).resolve() for _ in range(2)) if len(sys.argv) > 2 else (None, None)
PATIENCE = 120  # seconds
CAPABILITIES = 1 << 39 | 1 << 38 | 1 << 12  # BPF, PERFMON, NET_ADMIN


def run(*words, **options) -> subprocess.CompletedProcess:
    return subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False, **options)


def cgroup_root() -> pathlib.Path:
    mounts = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
    return pathlib.Path(next(line.split()[4] for line in mounts if " - cgroup2 " in line))


class Boot(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        room = tempfile.TemporaryDirectory(prefix="fanfare-boot-")
        cls.addClassCleanup(room.cleanup)
        cls.room = pathlib.Path(room.name)
        subprocess.run(["cpack", "-G", "DEB", "-B", cls.room], cwd=BUILD, stdout=subprocess.DEVNULL, check=True)
        package = next(cls.room.glob("fanfare_*.deb"))
        tree = subprocess.run([HERE / "tree.sh", WORK, package], check=False).returncode
        if tree == 77:
            sys.exit(77)
        assert tree == 0
        cls.cgroup = cgroup_root() / f"fanfare-boot-{os.getpid()}"
        cls.cgroup.mkdir()
        cls.addClassCleanup(cls.remove_cgroups)
        (cls.room / "work").mkdir()
        cls.log = cls.room / "log"
        with open(cls.log, "wb") as log:
            cls.container = subprocess.Popen([HERE / "boot.sh", WORK / "tree", cls.room / "work", package, cls.cgroup],
                                             stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        cls.addClassCleanup(cls.stop)
        cls.wait_until_booted()

    @classmethod
    def stop(cls):
        cls.container.kill()  # its first process goes with it, and so all of them
        cls.container.wait(PATIENCE)

    @classmethod
    def remove_cgroups(cls):
        deadline = time.monotonic() + PATIENCE
        while cls.cgroup.exists() and time.monotonic() < deadline:
            for directory in sorted(cls.cgroup.rglob("*/"), reverse=True) + [cls.cgroup]:
                try:
                    directory.rmdir()
                except OSError:
                    time.sleep(0.1)  # its processes are still dying

    @classmethod
    def wait_until_booted(cls):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if cls.container.poll() is not None:
                break
            state = cls.inside("systemctl", "is-system-running").stdout.strip()
            if state in ("running", "degraded"):
                return
            time.sleep(0.5)
        raise AssertionError("it did not boot:\n" + cls.log.read_text())

    @classmethod
    def first_process(cls) -> str:
        pid = cls.container.pid
        return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().strip()

    @classmethod
    def inside(cls, *words) -> subprocess.CompletedProcess:
        return run("nsenter", "-t", cls.first_process() or "1000000000", "-a", *words)

    def service(self, *words) -> subprocess.CompletedProcess:
        """As a unit of the container, so in its part of the cgroup tree."""
        return self.inside("systemd-run", "--pipe", "--wait", "--quiet", "--collect", *words)

    def property(self, name: str) -> str:
        return self.inside("systemctl", "show", "fanfare", "--value", "-p", name).stdout.strip()

    def assert_fine(self, done: subprocess.CompletedProcess) -> str:
        journal = self.inside("journalctl", "--no-pager", "-u", "fanfare").stdout if done.returncode else ""
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr + journal)
        return done.stdout

    def test_1_it_was_installed_without_a_word_of_its_own(self):
        told = self.log.read_text().splitlines()
        dpkg = r"Selecting |\(Reading |Preparing to|Unpacking |Setting up |Processing "
        own = [line for line in told if not re.match(dpkg, line)]
        self.assertEqual(own, [])

    def test_2_it_runs_and_is_ready(self):
        self.assertEqual(self.inside("systemctl", "is-active", "fanfare").stdout, "active\n",
                         self.inside("journalctl", "--no-pager", "-u", "fanfare").stdout)
        self.assertEqual(self.property("NRestarts"), "0")
        status = self.assert_fine(self.service("fanfare", "status"))
        self.assertIn("ready", status.splitlines()[0])

    def test_3_under_the_units_restrictions(self):
        pid = self.property("MainPID")
        status = self.inside("cat", f"/proc/{pid}/status").stdout
        for key, value in (("CapEff", f"{CAPABILITIES:016x}"), ("CapBnd", f"{CAPABILITIES:016x}"), ("NoNewPrivs", "1"),
                           ("Seccomp", "2")):
            self.assertEqual(re.search(rf"^{key}:\s*(\w+)", status, re.M).group(1), value, key)
        user = self.inside("id", "-u", "fanfare").stdout.strip()
        self.assertEqual(re.search(r"^Uid:\s*(\d+)", status, re.M).group(1), user)
        self.assertNotEqual(user, "0")

    def test_4_it_counts(self):
        told = self.assert_fine(self.service("fanfare", "selftest"))
        self.assertIn("ok: every figure agrees", told)
        self.assertEqual(told.count("  1,000 messages"), 2, told)

    def test_5_a_member_of_the_group_may_ask_and_others_may_not(self):
        group = "--property=Group=fanfare"
        self.assert_fine(self.service("--uid=nobody", group, "fanfare", "status"))
        self.assertEqual(self.service("--uid=nobody", "fanfare", "status").returncode, 3)

    def test_6_a_reload_and_a_restart(self):
        self.inside("sh", "-c", "echo 'cluster: after-the-reload' >>/etc/fanfare/fanfare.yaml")
        self.assert_fine(self.inside("systemctl", "reload", "fanfare"))
        self.wait_for_cluster()
        self.assert_fine(self.inside("systemctl", "restart", "fanfare"))
        self.wait_for_cluster()
        journal = self.inside("journalctl", "--no-pager", "-u", "fanfare").stdout
        self.assertIn("configuration reloaded", journal)
        self.assertIn("went on from /run/fanfare/admin.sock.state", journal)

    def wait_for_cluster(self):
        deadline = time.monotonic() + PATIENCE
        while "after-the-reload" not in self.service("fanfare", "status").stdout:
            self.assertLess(time.monotonic(), deadline, "the configuration was not taken")
            time.sleep(0.5)

    def test_7_a_bad_configuration_stops_it_and_is_not_tried_again(self):
        self.inside("sh", "-c", "cp /etc/fanfare/fanfare.yaml /tmp/good; echo 'clustr: x' >>/etc/fanfare/fanfare.yaml")
        self.assertNotEqual(self.inside("systemctl", "restart", "fanfare").returncode, 0)
        self.assertEqual((self.property("ExecMainStatus"), self.property("NRestarts")), ("2", "0"))
        self.assertIn("clustr", self.inside("journalctl", "--no-pager", "-u", "fanfare", "-n", "20").stdout)
        self.inside("cp", "/tmp/good", "/etc/fanfare/fanfare.yaml")
        self.assert_fine(self.inside("systemctl", "restart", "fanfare"))

    def test_8_removed_and_purged(self):
        self.assert_fine(self.inside("dpkg", "--remove", "fanfare"))
        self.assertNotEqual(self.inside("pgrep", "-x", "fanfare").returncode, 0)
        self.assert_fine(self.inside("test", "-f", "/etc/fanfare/fanfare.yaml"))
        self.assert_fine(self.inside("dpkg", "--purge", "fanfare"))
        for path in ("/etc/fanfare", "/run/fanfare", "/etc/systemd/system/multi-user.target.wants/fanfare.service"):
            self.assertNotEqual(self.inside("test", "-e", path).returncode, 0, path)


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("skipped: boot_test boots a container and needs root", file=sys.stderr)
        sys.exit(77)
    unittest.main(verbosity=2)
