#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The binary as its users meet it: start, answers, reload, stop, and each way to fail.

Needs root. usage: agent_test.py FANFARE [unittest's arguments]
"""
import contextlib
import json
import os
import pathlib
import queue
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

FANFARE = pathlib.Path(sys.argv.pop(1)).resolve()
PATIENCE = 60.0  # seconds until something must have come true

SOCKET_KEYS = {
    "cookie", "shard", "role", "hop", "protocol", "local", "remote", "netns", "pid", "comm",
    "state", "opened_seconds", "events_out", "heartbeats_out", "control_out", "other_out",
    "frames_out", "events_in", "acked", "in_flight", "lost", "unsent_bytes", "bytes_out",
    "last_event_seconds", "srtt_us"}


def eventually(condition, what: str):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"after {PATIENCE} s not: {what}")


def fanfare(*words, **options):
    return subprocess.run([FANFARE, *map(str, words)], capture_output=True, text=True,
                          timeout=60, check=False, **options)


@contextlib.contextmanager
def chat_socket():
    """A WebSocket server of this process, with a client: its port, and its end of the connection."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with socket.create_connection(listener.getsockname()) as client:
            server, _ = listener.accept()
            with server:
                server.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
                               b"\x81\x02hi")
                client.recv(4096)
                yield listener.getsockname()[1], server


@contextlib.contextmanager
def own_cgroup():
    """A cgroup below the host's root that this process and its children stand in: its path."""
    mounts = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
    root = pathlib.Path(next(l.split()[4] for l in mounts if " - cgroup2 " in l))
    place = next(l[3:] for l in pathlib.Path("/proc/self/cgroup").read_text().splitlines()
                 if l.startswith("0::"))
    path = root / f"fanfare-agent-test-{os.getpid()}-own"
    path.mkdir()
    (path / "cgroup.procs").write_text(str(os.getpid()))
    try:
        yield path
    finally:
        home = root / place.lstrip("/")
        for pid in (path / "cgroup.procs").read_text().split():  # this one, and agents
            (home / "cgroup.procs").write_text(pid)
        path.rmdir()


class Room(unittest.TestCase):
    """A directory of one's own, and agents that end with the test."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="fanfare-agent-test-")
        self.addCleanup(directory.cleanup)
        self.room = pathlib.Path(directory.name)
        self.admin = self.room / "admin.sock"
        self.notifications = queue.SimpleQueue()
        notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notified.bind(str(self.room / "notify"))
        # Somebody must read them, as systemd does: an agent whose tenth is not read waits.
        threading.Thread(target=self.take_notifications, args=(notified,), daemon=True).start()

    def take_notifications(self, notified: socket.socket) -> None:
        with notified:
            while True:
                self.notifications.put(notified.recv(4096).decode())

    def start(self, *words):
        log = open(self.room / "log", "wb")
        self.addCleanup(log.close)
        agent = subprocess.Popen(
            [FANFARE, "agent", "--listen", "127.0.0.1:0", "--admin", self.admin, *map(str, words)],
            stderr=log, env={**os.environ, "NOTIFY_SOCKET": str(self.room / "notify")})
        self.addCleanup(self.stop, agent)
        self.await_notification("READY=1")
        return agent

    def stop(self, agent, with_signal=signal.SIGTERM) -> int:
        if agent.poll() is None:
            agent.send_signal(with_signal)
        return agent.wait(PATIENCE)

    def await_notification(self, wanted: str):
        while wanted not in self.notifications.get(timeout=PATIENCE):
            pass

    def log(self) -> str:
        return (self.room / "log").read_text()

    def base(self) -> str:
        return eventually(lambda: [word.rstrip(",").removesuffix("/metrics")
                                   for word in self.log().split() if word.startswith("http://")],
                          "the agent says where it listens")[0]

    def get(self, path: str) -> str:
        with urllib.request.urlopen(self.base() + path, timeout=10) as answer:
            return answer.read().decode()

    def ask(self, *words):
        return fanfare(*words, "--admin", self.admin)


class Running(Room):
    def test_it_gets_ready_serves_and_stops_cleanly(self):
        for stop_signal in (signal.SIGTERM, signal.SIGINT):
            agent = self.start()
            self.assertEqual(self.get("/livez").strip() != "", True)
            self.assertIn("ready", self.get("/readyz"))
            self.assertIn("fanfare_build_info", self.get("/metrics"))
            self.assertEqual(stat.S_IMODE(self.admin.stat().st_mode), 0o660)
            agent.send_signal(stop_signal)
            self.await_notification("STOPPING=1")
            self.assertEqual(agent.wait(PATIENCE), 0)
            self.assertFalse(self.admin.exists(), "the admin socket is left behind")

    def test_a_selftest_agrees_and_it_and_doctor_leave_no_trace(self):
        with own_cgroup() as cgroup:
            self.start("--cgroup", cgroup)

            def names():
                shards = json.loads(self.ask("shards", "-o", "json").stdout)
                return sorted(row["shard"] for row in shards)

            def figures():
                losses = [line for line in self.get("/metrics").splitlines()
                          if line.startswith("fanfare_capture_losses_total")]
                return names(), losses, [self.ask(*words, "--fail-below", "0.9").returncode
                                         for words in (("status",), ("shards",))]

            with chat_socket() as (_, server):
                eventually(lambda: server.send(b"\x81\x02hi") and names() and not
                           names()[0].startswith("unknown"), "the agent counts a server")
                before = eventually(lambda: figures() if figures()[2] == [0, 0] else None,
                                    "and both cron checks are content")
                self.assertEqual(len(before[0]), 1, before)
                done = self.ask("selftest", "--messages", "500")
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                examined = fanfare("doctor", "--admin", self.admin, "--cgroup", cgroup)
                self.assertIn(examined.returncode, (0, 1), examined.stdout)
                time.sleep(7)  # for longer than a socket without a name waits for one
                self.assertEqual(figures(), before)
                status = json.loads(self.ask("status", "-o", "json").stdout)
        self.assertEqual((status["ready"], status["scope"], status["self_check"]),
                         (True, "proven", "counted"))
        self.assertTrue(all(loss["count"] == 0 for loss in status["losses"].values()), status)

    def test_a_listing_of_sockets_has_the_contracts_keys_and_the_tcp_surface_none(self):
        self.start()
        tester = subprocess.Popen([FANFARE, "selftest", "--admin", self.admin],
                                  stdout=subprocess.DEVNULL)
        rows = eventually(lambda: json.loads(self.ask("sockets", "--shard", "fanfare-selftest", "-o",
                                                      "json").stdout or "[]"),
                          "the selftest's sockets are listed")
        self.assertLessEqual(SOCKET_KEYS, set(rows[0]))
        for path in ("/metrics", "/api/v1/status", "/api/v1/shards", "/"):
            self.assertNotIn(rows[0]["remote"], self.get(path))
        with self.assertRaises(urllib.error.HTTPError) as refused:
            self.get("/api/v1/sockets")
        self.assertEqual(refused.exception.code, 404)
        self.assertEqual(tester.wait(PATIENCE), 0)

    def test_explain_finds_where_the_chain_breaks(self):
        self.start()

        def broken(what) -> tuple:
            done = self.ask("explain", what, "-o", "json")
            self.assertEqual(done.returncode, 1, done.stderr)
            chain = json.loads(done.stdout)[0]
            link = chain["links"][chain["broken"]]
            return link["link"], link["text"], chain["pids"]

        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
            self.assertEqual(broken(f":{port}")[0], "process")
            listener.listen()
            # Who listens is looked up no more often than the agent's ration allows.
            eventually(lambda: broken(f":{port}")[0] == "socket", "the listener is seen")
            self.assertEqual(broken(f":{port}")[2], [os.getpid()])
            self.assertEqual(broken(f"pid:{os.getpid()}")[0], "socket")
            with socket.create_connection(("127.0.0.1", port)):
                accepted, _ = listener.accept()
                with accepted:
                    accepted.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                    eventually(lambda: broken(f":{port}")[:2] == (
                        "protocol", "plain HTTP so far: no connection has been upgraded to "
                                    "WebSocket"), "the connection is seen to be plain HTTP")
            screen = eventually(lambda: [text for text in [self.ask("explain", f":{port}").stdout]
                                         if "broken: socket: " in text], "it is gone again")[0]
            self.assertIn("kernel: no connection is established", screen)
        nothing = self.ask("explain", "nobody")
        self.assertEqual((nothing.returncode, nothing.stdout), (1, ""))
        self.assertIn('no shard and no alert "nobody"', nothing.stderr)

    def test_sighup_takes_a_good_file_and_keeps_the_old_one_over_a_bad(self):
        config = self.room / "agent.yaml"
        config.write_text("cluster: one\n")
        agent = self.start("--config", config)

        def reload_with(text: str):
            config.write_text(text)
            agent.send_signal(signal.SIGHUP)
            self.await_notification("RELOADING=1")
            self.await_notification("READY=1")
            time.sleep(1.2)  # the next view
            return json.loads(self.ask("status", "-o", "json").stdout)

        self.assertEqual(reload_with("cluster: two\n")["cluster"], "two")
        bad = reload_with("clustr: three\n")
        self.assertEqual((bad["cluster"], bad["config_reload_ok"]), ("two", False))
        self.assertEqual(self.ask("status").returncode, 1, "a failed reload is a finding")
        fixed = reload_with("cluster: two\nlimits: {sockets: 1000}\n")
        self.assertFalse(fixed["config_reload_ok"], "limits.sockets needs a restart")
        self.assertTrue(reload_with("cluster: four\n")["config_reload_ok"])
        self.assertIsNone(agent.poll())

    def test_an_explicit_subtree_is_legal_and_said(self):
        mounts = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
        root = pathlib.Path(next(l.split()[4] for l in mounts if " - cgroup2 " in l))
        subtree = root / f"fanfare-agent-test-{os.getpid()}"
        subtree.mkdir()
        self.addCleanup(subtree.rmdir)
        agent = self.start("--cgroup", subtree)
        status = json.loads(self.ask("status", "-o", "json").stdout)
        self.assertEqual((status["subtree"], status["cgroup"]), (True, str(subtree)))
        self.assertEqual(self.stop(agent), 0)

    def test_a_cgroup_that_is_removed_is_told_and_made_anew_is_counted(self):
        with own_cgroup() as home:
            served = home / "chat"
            served.mkdir()
            self.start("--cgroup", served)
            self.assertIn("ready", self.get("/readyz"))
            served.rmdir()

            def unready() -> str:
                try:
                    self.get("/readyz")
                except urllib.error.HTTPError as refused:
                    return refused.read().decode() if refused.code == 503 else ""
                return ""

            words = eventually(unready, "the agent is not ready")
            self.assertIn("FF-ATTACH", words)
            self.assertIn("is gone", words)
            self.assertIn("fanfare_attached", self.get("/metrics"))
            alerts = json.loads(self.ask("alerts", "-o", "json").stdout)
            self.assertEqual([(a["alertname"], a["severity"], a["state"]) for a in alerts],
                             [("FanfareNotCounting", "critical", "firing")])
            self.assertEqual(self.ask("status").returncode, 1)

            served.mkdir()
            eventually(lambda: not unready(), "the agent is ready again")
            (served / "cgroup.procs").write_text(str(os.getpid()))
            with chat_socket() as (_, server):
                for _ in range(49):
                    server.sendall(b"\x81\x02hi")

                def counted():
                    shards = json.loads(self.ask("shards", "-o", "json").stdout)
                    return [row["events_out"] for row in shards] == [50]
                eventually(counted, "all of a new server's messages are counted")
            (home / "cgroup.procs").write_text(str(os.getpid()))
            self.assertFalse('reason="unattached"} 0' in self.get("/metrics"))
            served.rmdir()

    def test_two_agents_may_run_and_must_not_share_a_door(self):
        self.start()
        port = self.base().rsplit(":", 1)[1]
        taken = fanfare("agent", "--listen", f"127.0.0.1:{port}", "--admin", self.room / "b.sock")
        self.assertEqual(taken.returncode, 2)
        self.assertIn("in use", taken.stderr)
        taken = fanfare("agent", "--listen", "127.0.0.1:0", "--admin", self.admin)
        self.assertEqual(taken.returncode, 2)
        self.assertIn(str(self.admin), taken.stderr)
        self.assertEqual(self.ask("status").returncode, 0, "the first one still answers")

    def test_a_restart_says_for_how_long_nobody_counted(self):
        with chat_socket() as (port, server):
            agent = self.start()
            eventually(lambda: server.send(b"\x81\x02hi") and f'{port}"' in self.get("/metrics"),
                       "the agent counts a server")
            self.assertTrue('reason="agent_absent"} 0' in self.get("/metrics"))
            time.sleep(1.2)
            self.assertEqual(self.stop(agent), 0)
            time.sleep(1)
            self.start()
            eventually(lambda: 'reason="agent_absent"} 0' not in self.get("/metrics"), "it is named")
            self.assertIn("no agent ran for", self.log())

    def test_a_killed_agents_socket_is_taken_over_and_nothing_stays_attached(self):
        agent = self.start()
        agent.kill()
        agent.wait()
        self.assertEqual(self.ask("status").returncode, 3)
        self.start()
        self.assertEqual(self.ask("status").returncode, 0)


SERVER = r"""
import socket, sys
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
print(listener.getsockname()[1], flush=True)
connection, _ = listener.accept()
connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                   b"Connection: Upgrade\r\n\r\n")
for _ in range(20):
    connection.sendall(b"\x81\x02hi")
connection.shutdown(socket.SHUT_WR)
connection.recv(1)
"""


class Ending(Room):
    def serve_once(self) -> str:
        """A server from its birth to its end, within a tick as a rule; returns its port."""
        script = self.room / "chat.py"
        script.write_text(SERVER)
        with subprocess.Popen([sys.executable, script, "--token=secret"],
                              stdout=subprocess.PIPE, text=True) as server:
            port = server.stdout.readline().strip()
            with socket.create_connection(("127.0.0.1", int(port)), PATIENCE) as client:
                while client.recv(4096):
                    pass
            self.assertEqual(server.wait(PATIENCE), 0)
        return port

    def shards_on(self, ports) -> dict:
        rows = json.loads(self.ask("shards", "-o", "json").stdout)
        return {row["shard"]: row for row in rows
                if row["shard"].partition("@")[0].rpartition(":")[2] in ports}

    def test_servers_that_come_and_go_have_their_names_and_leave_nothing(self):
        config = self.room / "agent.yaml"
        config.write_text("limits: {shard_idle_seconds: 10}\n")
        self.start("--config", config)
        ports = {self.serve_once() for _ in range(8)}
        shown = eventually(lambda: [found for found in [self.shards_on(ports)]
                                    if len(found) == len(ports)], "all are shown")[0]
        for name, row in shown.items():
            self.assertTrue(name.startswith("python chat.py:"), name)
            self.assertEqual((row["events_out"], row["opened"]), (20, 1), row)
        deadline = time.monotonic() + 3 * PATIENCE
        while self.shards_on(ports) and time.monotonic() < deadline:
            time.sleep(0.5)
        self.assertEqual(self.shards_on(ports), {})
        self.assertNotIn("chat.py", self.get("/metrics"))

    def test_alerts_are_cleared_at_the_admin_socket_only(self):
        self.start()
        none = self.ask("alerts", "clear", "FanfareReachLoss", "--shard", "eu")
        self.assertEqual(none.returncode, 1, none.stderr)
        self.assertIn("no FanfareReachLoss fires", none.stderr)
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(
                self.base() + "/api/v1/alerts/clear?alertname=FanfareReachLoss&shard=eu",
                method="POST"), timeout=10)
        self.assertEqual(refused.exception.code, 404)


class Refusing(Room):
    def refused(self, code: int, *parts: str, words=(), **options):
        done = fanfare("agent", "--listen", "127.0.0.1:0", "--admin", self.admin, *words, **options)
        self.assertEqual(done.returncode, code, done.stderr)
        for part in parts:
            self.assertIn(part, done.stderr)

    def test_a_cgroup_that_is_none(self):
        self.refused(2, "/nowhere", "No such file", words=("--cgroup", "/nowhere"))
        self.refused(2, "not a directory of a cgroup v2 tree", words=("--cgroup", "/tmp"))

    def test_auto_in_a_private_cgroup_namespace(self):
        script = ("root=$(grep ' - cgroup2 ' /proc/self/mountinfo | head -1 | cut -d' ' -f5); "
                  "mkdir \"$root/fanfare-ns-$$\" && echo $$ > \"$root/fanfare-ns-$$/cgroup.procs\" && "
                  "exec unshare --cgroup --mount sh -c '"
                  "umount \"$1\"; mount -t cgroup2 none \"$1\" && shift && exec \"$@\"' "
                  "sh \"$root\" \"$@\"")
        done = subprocess.run(
            ["sh", "-c", script, "sh", FANFARE, "agent", "--listen", "127.0.0.1:0", "--admin",
             self.admin], capture_output=True, text=True, timeout=60, check=False)
        for leftover in pathlib.Path("/sys/fs/cgroup").rglob("fanfare-ns-*"):
            leftover.rmdir()
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("private cgroup namespace", done.stderr)
        self.assertIn("--cgroup", done.stderr)

    def test_no_permission(self):
        self.room.chmod(0o777)
        done = subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", FANFARE, "agent",
             "--listen", "127.0.0.1:0", "--admin", self.admin],
            capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 4, done.stderr)
        for word in ("CAP_BPF", "CAP_PERFMON", "CAP_NET_ADMIN"):
            self.assertIn(word, done.stderr)

    def test_a_broken_config(self):
        config = self.room / "bad.yaml"
        config.write_text("node: a\nlisten: nonsense\n")
        self.refused(2, f"{config}:2: listen", words=("--config", config))
        self.refused(2, "No such file", words=("--config", self.room / "none.yaml"))

    def test_without_an_agent(self):
        for command in ("status", "shards", "sockets", "peers", "alerts", "selftest"):
            done = self.ask(command)
            self.assertEqual(done.returncode, 3, command)
            self.assertIn(str(self.admin), done.stderr)

    def test_what_does_not_exist_yet_is_refused(self):
        for command in ("bridge", "canary"):
            done = fanfare(command)
            self.assertEqual(done.returncode, 2, command)
            self.assertIn("not available", done.stderr)


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("skipped: agent_test loads kernel programs and needs root", file=sys.stderr)
        sys.exit(77)
    unittest.main(verbosity=2)
