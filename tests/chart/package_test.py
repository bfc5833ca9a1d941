# SPDX-License-Identifier: Apache-2.0
"""The .deb and the container's file system: what is in them, and that it works by itself.

Needs root (chroot). usage: package_test.py BUILD (all of it built) [unittest's arguments]
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else None
SOURCE = pathlib.Path(__file__).resolve().parents[2]
PACKAGING = SOURCE / "helm" / "packages"
FILES = {
    "etc/fanfare/fanfare.yaml", "usr/bin/fanfare", "usr/lib/systemd/system/fanfare.service",
    "usr/lib/sysusers.d/fanfare.conf", "usr/share/man/man1/fanfare.1.gz",
    "usr/share/bash-completion/completions/fanfare", "usr/share/zsh/vendor-completions/_fanfare",
    "usr/share/fish/vendor_completions.d/fanfare.fish", "usr/share/doc/fanfare/copyright",
    "usr/share/doc/fanfare/changelog.gz",
}


def run(*words, **options) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{words}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Room(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.room = pathlib.Path(tempfile.mkdtemp(prefix="fanfare-package-"))
        cls.addClassCleanup(shutil.rmtree, cls.room)


class Deb(Room):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        run("cpack", "-G", "DEB", "-B", cls.room, cwd=BUILD)
        cls.deb = next(cls.room.glob("fanfare_*.deb"))
        cls.tree = cls.room / "tree"
        run("dpkg-deb", "-x", cls.deb, cls.tree)
        run("dpkg-deb", "-e", cls.deb, cls.room / "control")

    def field(self, name: str) -> str:
        return run("dpkg-deb", "-f", self.deb, name).strip()

    def test_what_is_in_it(self):
        found = {str(path.relative_to(self.tree)) for path in self.tree.rglob("*") if not path.is_dir()}
        self.assertEqual(found, FILES)
        for path in self.tree.rglob("*"):
            mode = path.stat().st_mode & 0o777
            executable = path.is_dir() or path.name == "fanfare" and path.parent.name == "bin"
            self.assertEqual(mode, 0o755 if executable else 0o644, path)

    def test_what_it_says_of_itself(self):
        project = re.search(r"project\(fanfare VERSION (\S+)", (SOURCE / "CMakeLists.txt").read_text()).group(1)
        self.assertEqual((self.field("Package"), self.field("Version")), ("fanfare", project))
        self.assertIn("libbpf1 (>=", self.field("Depends"))
        self.assertEqual((self.room / "control/conffiles").read_text(), "/etc/fanfare/fanfare.yaml\n")
        self.assertIn(f"fanfare ({project})", run("zcat", self.tree / "usr/share/doc/fanfare/changelog.gz"))

    def test_lintian(self):
        told = subprocess.run(["lintian", "--no-cfg", "--allow-root", "--fail-on", "none", self.deb],
                              capture_output=True, text=True, check=True).stdout
        # Tags that are meant: no bug of Debian's is closed by the first upload; nobody's address stands in the sources.
        meant = ("initial-upload-closes-no-bugs", "bogus-mail-host")
        left = [line for line in told.splitlines() if not any(tag in line for tag in meant)]
        self.assertEqual(left, [])

    def test_the_binary_and_the_configuration(self):
        fanfare = self.tree / "usr/bin/fanfare"
        self.assertLess(fanfare.stat().st_size, 20 << 20, "it is not stripped")
        self.assertIn(self.field("Version"), run(fanfare, "version"))
        run(fanfare, "config", "check", self.tree / "etc/fanfare/fanfare.yaml")
        # The examples in it, too.
        text = (self.tree / "etc/fanfare/fanfare.yaml").read_text()
        example = self.room / "example.yaml"
        example.write_text(re.sub(r"^# (?=\S+: |  |shards:$)(?!fanfare's)", "", text, flags=re.M))
        self.assertIn("\nshards:\n", example.read_text())
        run(fanfare, "config", "check", example)

    def test_man_page_and_completions(self):
        shown = run("sh", "-c", f"zcat {self.tree}/usr/share/man/man1/fanfare.1.gz | groff -man -Tutf8 -ww")
        self.assertIn("selftest", shown)
        run("bash", "-n", self.tree / "usr/share/bash-completion/completions/fanfare")
        run("zsh", "-n", self.tree / "usr/share/zsh/vendor-completions/_fanfare")
        run("fish", "--no-execute", self.tree / "usr/share/fish/vendor_completions.d/fanfare.fish")

    def test_the_scripts_are_quiet_without_systemd(self):
        for script in ("postinst", "prerm", "postrm"):
            run("sh", "-n", self.room / "control" / script)
        for words in (("prerm", "remove"), ("prerm", "upgrade"), ("postrm", "upgrade")):
            self.assertEqual(run(self.room / "control" / words[0], *words[1:]), "")


class Unit(unittest.TestCase):
    UNIT = PACKAGING / "fanfare.service"

    def settings(self, key: str) -> list:
        return re.findall(rf"^{key}=(.*)$", self.UNIT.read_text(), re.M)

    def test_systemd_takes_it(self):
        with tempfile.TemporaryDirectory() as directory:
            unit = pathlib.Path(directory) / "fanfare.service"
            unit.write_text(self.UNIT.read_text().replace("/usr/bin/fanfare", "/bin/true"))
            done = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", unit],
                                  capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_how_open_it_is(self):
        told = run("systemd-analyze", "security", "--offline=yes", self.UNIT)
        level = float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", told).group(1))
        self.assertLessEqual(level, 3.0, told)

    def test_it_asks_for_the_charts_capabilities(self):
        pod = (SOURCE / "helm/fanfare/templates/_pod.tpl").read_text()
        always = re.findall(r"^    - (\w+)$", pod.split("{{- if include")[0], re.M)
        self.assertEqual(len(always), 3)
        for key in ("CapabilityBoundingSet", "AmbientCapabilities"):
            self.assertEqual(self.settings(key), [" ".join("CAP_" + name for name in always)])


class ContainersFiles(Room):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        run(PACKAGING / "closure.sh", BUILD / "fanfare", cls.room / "root")

    def fanfare(self, *words) -> subprocess.CompletedProcess:
        return subprocess.run(["/usr/sbin/chroot", self.room / "root", "/usr/bin/fanfare", *words], capture_output=True,
                              text=True, env={"LANG": "C.UTF-8", "TERM": "xterm-256color"}, check=False)

    def test_it_runs_by_itself(self):
        self.assertEqual(self.fanfare("version").returncode, 0)
        self.assertEqual(self.fanfare("man").returncode, 0)
        told = self.fanfare("doctor", "--listen", "127.0.0.1:0", "--admin", "/run/fanfare/none.sock")
        self.assertIn("FF-302", told.stdout)
        self.assertEqual(told.returncode, 4, "there is no cgroup tree in it\n" + told.stdout)
        self.assertIn("FF-103", told.stdout)

    def test_the_live_view_knows_the_usual_terminals(self):
        for terminal in ("xterm-256color", "screen-256color", "tmux-256color", "linux", "vt100"):
            self.assertTrue((self.room / "root/lib/terminfo" / terminal[0] / terminal).is_file(), terminal)

    def test_nothing_else_is_in_it(self):
        root = self.room / "root"
        executables = {str(path.relative_to(root)) for path in root.rglob("*")
                       if path.is_file() and os.access(path, os.X_OK) and ".so" not in path.name}
        self.assertEqual(executables, {"usr/bin/fanfare"})
        size = sum(path.lstat().st_size for path in root.rglob("*") if path.is_file())
        self.assertLess(size, 80 << 20)

    def test_the_container_file_copies_just_that(self):
        text = (PACKAGING / "Containerfile").read_text()
        self.assertIn("helm/packages/closure.sh build/fanfare /closure", text)
        last = text.rsplit("FROM ", 1)[1]
        self.assertEqual(re.findall(r"^COPY .*$|^ADD .*$", last, re.M), ["COPY --from=build /closure /"])
        self.assertTrue(last.startswith("scratch\n"))


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("skipped: package_test enters other roots and needs root", file=sys.stderr)
        sys.exit(77)
    unittest.main(verbosity=1)
