#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`fanfare top` in a real terminal (tmux), against a real agent that counts a real load.

Needs root and tmux. usage: top_test.py FANFARE [unittest's arguments]
"""
import base64
import hashlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

FANFARE = pathlib.Path(sys.argv.pop(1)).resolve()
PATIENCE = 60.0  # seconds until something must have come true
CLIENTS = 3
RATE = 20  # messages a second to each client


def eventually(condition, what: str):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.1)
    raise AssertionError(f"after {PATIENCE} s not: {what}")


class ChatServer:
    """Three clients on the loopback; each gets `RATE` messages a second until `close`."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._ended = threading.Event()
        self._sockets = []
        for _ in range(CLIENTS):
            client = socket.create_connection(("127.0.0.1", self.port))
            key = base64.b64encode(os.urandom(16))
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: "
                           b"Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key +
                           b"\r\n\r\n")
            server, _ = self._listener.accept()
            server.recv(4096)
            accept = base64.b64encode(hashlib.sha1(
                key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
            server.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                           b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
            client.recv(4096)
            self._sockets.append((server, client))
        self._thread = threading.Thread(target=self._talk)
        self._thread.start()

    def _talk(self):
        while not self._ended.wait(1 / RATE):
            for server, client in self._sockets:
                server.sendall(b"\x81\x05hello")
                client.recv(4096)

    def close(self):
        self._ended.set()
        self._thread.join()
        for pair in self._sockets:
            for end in pair:
                end.close()
        self._listener.close()


class Tmux:
    """One terminal of its own server, at a size; what runs in it ends with the shell."""

    def __init__(self, room: pathlib.Path, columns: int, rows: int):
        self._socket = room / f"tmux-{columns}x{rows}-{time.monotonic_ns()}"
        self._run("-f", "/dev/null", "new-session", "-d", "-x", columns, "-y", rows,
                  "env", "-u", "NO_COLOR", "LC_ALL=C.UTF-8", "PS1=shell> ", "/bin/sh")
        eventually(lambda: "shell>" in self.screen(), "a shell")

    def _run(self, *words) -> str:
        return subprocess.run(["tmux", "-S", str(self._socket), *map(str, words)], check=True,
                              capture_output=True, text=True, timeout=10).stdout

    def type(self, line: str):
        self._run("send-keys", "-l", line)
        self._run("send-keys", "Enter")

    def keys(self, *names: str):
        self._run("send-keys", *names)

    def resize(self, columns: int, rows: int):
        self._run("resize-window", "-x", columns, "-y", rows)

    def screen(self, *options) -> str:
        return self._run("capture-pane", "-p", *options)

    def shows(self, text: str):
        try:
            return eventually(lambda: text in self.screen() and self.screen(), text)
        except AssertionError as error:
            raise AssertionError(f"{error}; the screen is\n{self.screen()}") from None

    def shell_is_back(self, code: int):
        """The program has left, the screen before it is shown again, and the terminal echoes."""
        # What is typed before the shell reads again goes to the program.
        eventually(lambda: self._run("display-message", "-p", "#{pane_current_command}").strip()
                   != FANFARE.name, "the program has left")
        self.type("echo left with $?; stty -a | grep -o ' -\\{0,1\\}echo '")
        # With the next prompt: half a screen later the program's last one has scrolled away where the
        # terminal has no other to go back to.
        done = re.compile(rf"left with {code}\n echo *\nshell>")
        screen = eventually(lambda: done.search(self.screen()) and self.screen(), "the shell is back")
        assert "\x1b" not in screen and "SHARD" not in screen, screen
        assert self._run("display-message", "-p", "#{alternate_on} #{cursor_flag}") == "0 1\n"

    def close(self):
        self._run("kill-server")


class TopTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="fanfare-top-test-")
        self.addCleanup(directory.cleanup)
        self.room = pathlib.Path(directory.name)
        self.admin = self.room / "admin.sock"
        self.start_agent()
        self.server = ChatServer()
        self.addCleanup(self.server.close)
        # Other servers of this host may be seen too; the filter leaves ours.
        self.name = f":{self.server.port}"
        eventually(lambda: self.name in self.once().stdout, "the shard is known")

    def start_agent(self):
        log = open(self.room / "log", "ab")
        self.addCleanup(log.close)
        self.agent = subprocess.Popen([FANFARE, "agent", "--listen", "127.0.0.1:0", "--admin",
                                       self.admin], stderr=log)
        self.addCleanup(self.stop_agent, self.agent, signal.SIGTERM)
        eventually(lambda: self.once().returncode in (0, 1), "the agent answers")

    @staticmethod
    def stop_agent(agent, with_signal):
        if agent.poll() is None:
            agent.send_signal(with_signal)
        agent.wait(PATIENCE)

    def once(self, *words):
        return subprocess.run([FANFARE, "top", "--once", "--admin", self.admin, *words],
                              capture_output=True, text=True, timeout=60, check=False)

    def terminal(self, columns=80, rows=24) -> Tmux:
        terminal = Tmux(self.room, columns, rows)
        self.addCleanup(terminal.close)
        return terminal

    def top(self, terminal: Tmux, *words: str, before: str = ""):
        terminal.type(f"{before} {FANFARE} top --admin {self.admin} {' '.join(words)}")
        terminal.shows("q quit")

    def filtered(self, terminal: Tmux):
        terminal.keys("/")
        terminal.type(self.name)
        terminal.shows(f"filter: {self.name}")

    def assert_fits(self, terminal: Tmux, columns: int, rows: int):
        screen = terminal.screen()
        self.assertEqual(screen.count("\n"), rows, screen)
        self.assertLessEqual(max(map(len, screen.split("\n"))), columns, screen)
        self.assertIn("quit", screen.rstrip("\n").split("\n")[-1], screen)

    def test_shards_sockets_keys_and_a_clean_end(self):
        terminal = self.terminal()
        self.top(terminal)
        self.filtered(terminal)
        self.assert_fits(terminal, 80, 24)
        row = eventually(lambda: next((line for line in terminal.screen().split("\n")
                                       if self.name in line and "100.00 %" in line), None), "row")
        # A name as long as this takes the column of the clients at 80 columns; they are counted below.
        self.assertRegex(row, rf"^ >\S.*{self.name} +({CLIENTS} +)?100.00 % ")

        terminal.keys("Enter")
        terminal.shows(f"> sockets  {CLIENTS}")
        rates = eventually(lambda: re.findall(r"client +synced +(\d+\.\d) ", terminal.screen()),
                           "rates of the sockets")
        self.assertEqual(len(rates), CLIENTS)
        eventually(lambda: all(abs(float(rate) - RATE) < RATE / 3 for rate in re.findall(
            r"client +synced +(\d+\.\d) ", terminal.screen())), "the rate of the load")
        terminal.keys("t")
        totals = eventually(lambda: re.findall(r"synced +([\d,]+) ", terminal.screen()), "totals")
        self.assertEqual(len(totals), CLIENTS)
        terminal.keys("Tab")
        terminal.shows("no peer: no replication is configured")
        terminal.keys("a")
        terminal.shows("alerts and findings")
        terminal.keys("?")
        terminal.shows("share of the open sockets that is counted exactly")
        terminal.keys("?")
        terminal.shows("alerts and findings")
        terminal.keys("p")
        terminal.shows("PAUSED")
        terminal.keys("q")
        terminal.shell_is_back(0)

    def test_history_is_plotted(self):
        terminal = self.terminal(120, 24)
        self.top(terminal)
        self.filtered(terminal)
        eventually(lambda: re.search(rf"{self.name}.*[▂-█]", terminal.screen()), "a plot")
        terminal.keys("q")
        terminal.shell_is_back(0)
        self.top(terminal, "--ascii")
        self.filtered(terminal)
        eventually(lambda: re.search(rf"{self.name}.*[.:=+*#]\n", terminal.screen()), "a plot")
        self.assertTrue(terminal.screen().isascii())

    def test_sizes_and_resizes(self):
        terminal = self.terminal(40, 10)
        self.top(terminal)
        self.assert_fits(terminal, 40, 10)
        for columns, rows in (100, 30), (80, 24), (23, 6), (200, 50), (40, 10):
            terminal.resize(columns, rows)
            eventually(lambda r=rows: "quit" in terminal.screen().split("\n")[r - 1], "a repaint")
            self.assert_fits(terminal, columns, rows)
        terminal.keys("q")
        terminal.shell_is_back(0)

    def test_colours_and_none(self):
        terminal = self.terminal()
        self.top(terminal)
        eventually(lambda: "\x1b[32m" in terminal.screen("-e"), "green")
        terminal.keys("q")
        terminal.shell_is_back(0)
        self.top(terminal, before="NO_COLOR=1")
        self.assertNotRegex(terminal.screen("-e"), r"\x1b\[(\d+;)*3[0-7]m")
        self.assertIn("\x1b[7m", terminal.screen("-e"), "the chosen row is reversed all the same")

    def test_terminals(self):
        terminal = self.terminal()
        for name in "xterm", "screen", "linux", "vt100":
            self.top(terminal, before=f"TERM={name}")
            self.filtered(terminal)
            if name == "linux":
                self.assertTrue(terminal.screen().isascii())
            terminal.keys("q")
            terminal.shell_is_back(0)
            terminal.type("clear")
        for name, why in ("dumb", "cannot show a live view"), ("nonsense", "no terminal desc"):
            terminal.type("clear")
            terminal.type(f"TERM={name} {FANFARE} top --admin {self.admin}; echo {name} gave $?")
            screen = terminal.shows(f"{name} gave 2").replace("\n", "")
            self.assertIn(why, screen)
            self.assertIn("--once", screen)
        terminal.type(f"LC_ALL=C {FANFARE} top --admin {self.admin}")
        terminal.shows("q quit")
        self.assertTrue(terminal.screen().isascii())

    def test_an_agent_that_goes_and_comes(self):
        terminal = self.terminal()
        self.top(terminal)
        self.filtered(terminal)
        self.stop_agent(self.agent, signal.SIGKILL)
        terminal.shows("NO ANSWER for")
        self.assertIn(self.name, terminal.screen(), "the last figures stay")
        self.assertIn("\x1b[2m", terminal.screen("-e"), "grey")
        self.start_agent()
        eventually(lambda: "NO ANSWER" not in terminal.screen(), "it answers again")
        self.assertIn("ready", terminal.screen())
        self.agent.send_signal(signal.SIGSTOP)  # hangs: keys must not
        self.addCleanup(self.agent.send_signal, signal.SIGCONT)
        terminal.keys("?")
        terminal.shows("choose a row")
        terminal.shows("NO ANSWER for")
        terminal.keys("q")
        terminal.shell_is_back(0)

    def test_signals_leave_a_clean_terminal(self):
        terminal = self.terminal()
        self.top(terminal)
        terminal.keys("C-c")
        terminal.shell_is_back(0)
        for number in signal.SIGTERM, signal.SIGHUP:
            terminal.type("clear")
            self.top(terminal)
            pattern = f"top --admin {self.admin}"
            pids = [int(entry.name) for entry in pathlib.Path("/proc").iterdir()
                    if entry.name.isdigit() and self.command_of(entry).endswith(pattern)
                    and str(FANFARE) in self.command_of(entry)]
            self.assertEqual(len(pids), 1, pids)
            os.kill(pids[0], number)
            terminal.shell_is_back(128 + number)

    @staticmethod
    def command_of(entry: pathlib.Path) -> str:
        try:
            return (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        except (FileNotFoundError, ProcessLookupError):
            return ""

    def test_a_pipe_is_refused(self):
        run = subprocess.run([FANFARE, "top", "--admin", self.admin], capture_output=True,
                             text=True, timeout=60, check=False)
        self.assertEqual(run.returncode, 2)
        self.assertIn("--once", run.stderr)
        self.assertEqual(run.stdout, "")


if __name__ == "__main__":
    if os.geteuid() != 0 or not shutil.which("tmux"):
        print("skipped: needs root (for the agent) and tmux")
        sys.exit(77)
    unittest.main()
