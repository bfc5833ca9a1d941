# SPDX-License-Identifier: Apache-2.0
"""A node of the chat shard on its host, and the agent beside it."""
import json
import pathlib
import subprocess
import time

import web
from agent import parse_metrics
from hosts import Host
from processes import Failure, last_words, spawn, stop

RAFT, CLIENTS, INNER, METRICS = 7000, 8080, 8081, 9477
SHARD = "chat-1"
START_SECONDS = 60  # patience, no demand


class ChatNode:
    """`chatd`: it is what is under watch, and knows nothing of the agent."""

    def __init__(self, chatd: pathlib.Path, host: Host, hosts: list[Host], log: pathlib.Path):
        self.name, self.host = host.name, host
        peers = ",".join(f"{h.name}={h.address}:{RAFT}" for h in hosts)
        self._argv = [chatd, "--id", host.name, "--raft", f"{host.address}:{RAFT}",
                      "--http", f"{host.address}:{CLIENTS}", "--inner", f"{host.address}:{INNER}",
                      "--peers", peers]
        self._log = log
        self._starts = 0
        self.started = 0.0  # time.monotonic() of the last start
        self._process = None

    def start(self, fault: str = "none") -> None:
        """Without waiting; `fault` is the fault of the build that is rolled out."""
        first = ["--bootstrap"] if not self._starts else []
        self._starts += 1
        log = self._log.with_suffix(f".{self._starts}.log")
        self.started = time.monotonic()
        self._process = spawn([*self._argv, *first, "--fault", fault], log, self.host.place,
                              stdout=subprocess.DEVNULL)

    def await_serving(self) -> None:
        """Its log is where the others' is, and clients may come."""
        def serving():
            if self._process.poll() is not None:
                raise Failure(f"{self.name} has ended: see {self._log.parent}")
            return web.get(f"http://{self.host.address}:{CLIENTS}/publish")

        web.wait_for(f"{self.name} serves clients", lambda: refuses_nonsense(serving),
                     START_SECONDS)

    def stop(self) -> None:
        if self._process:
            stop(self._process)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def restart(self, fault: str = "none") -> None:
        self.stop()
        self.start(fault)
        self.await_serving()

    def _ask(self, path: str, post: bool = False) -> str:
        try:
            return web.get(f"http://{self.host.address}:{INNER}{path}", post)
        except OSError as error:
            raise Failure(f"{self.name}{path}: {error}") from None

    def switch(self, fault: str) -> None:
        self._ask(f"/fault?set={fault}", post=True)

    def transfer(self) -> None:
        self._ask("/transfer", post=True)

    def stats(self) -> dict:
        return json.loads(self._ask("/stats"))


def refuses_nonsense(ask) -> bool:
    """An empty publish gets an HTTP error: somebody listens."""
    try:
        return bool(ask())
    except OSError as error:
        if getattr(error, "code", None) == 503:
            return True
        raise


class HostAgent:
    """`fanfare agent` on one host, with the level of configuration that gives reach."""

    def __init__(self, fanfare: pathlib.Path, host: Host, hosts: list[Host], alertmanager: str,
                 directory: pathlib.Path, log: pathlib.Path, publishes: tuple = (), has_rooms: bool = False,
                 records: int = 4096):
        self.name, self._fanfare, self._host, self._log = host.name, fanfare, host, log
        self.admin = directory / f"{host.name}.sock"
        self.cgroup = host.cgroup
        self._starts = 0
        self._process = None
        self._config = directory / f"{host.name}.yaml"
        clients = {"identity": {"json_key": "id"}}
        if has_rooms:
            clients["room"] = {"json_key": "room"}
        if publishes:
            clients["publishes"] = [{"method": "POST", "path": path} for path in publishes]
        config = {  # JSON is YAML
            "node": host.name, "cluster": "test", "cgroup": str(host.cgroup),
            "listen": f"{host.address}:{METRICS}", "admin": str(self.admin),
            "limits": {"sockets": records},
            "shards": [{
                "name": SHARD, "match": {"listen_ports": [CLIENTS]}, "expected": True,
                "clients": clients,
                "replication": {"protocol": "hashicorp-raft", "ports": [RAFT],
                                "peers": {h.address: h.name for h in hosts}},
            }],
            "alertmanagers": [alertmanager],
        }
        self._config.write_text(json.dumps(config, indent=2), encoding="utf-8")

    def start(self) -> None:
        """Without waiting."""
        self._starts += 1
        self._log_now = self._log.with_suffix(f".{self._starts}.log")
        self._process = spawn([self._fanfare, "agent", "--config", self._config], self._log_now,
                              self._host.place_outside, stdout=subprocess.DEVNULL)

    def await_ready(self) -> None:
        def ready():
            if self._process.poll() is not None:
                raise Failure(f"the agent of {self.name} has ended: {last_words(self._log_now)}")
            return web.get(f"http://{self._host.address}:{METRICS}/readyz")

        web.wait_for(f"the agent of {self.name} is ready", ready, START_SECONDS)

    def stop(self) -> None:
        if self._process:
            stop(self._process)

    def restart(self) -> None:
        self.stop()
        self.start()
        self.await_ready()

    def lose_state(self) -> None:
        """A reboot of a host whose disk is not kept."""
        self.stop()
        pathlib.Path(f"{self.admin}.state").unlink()
        self.start()
        self.await_ready()

    def edit_state(self, edit) -> None:
        """A restart, between whose ends `edit` may change what the agent has learned."""
        self.stop()
        path = pathlib.Path(f"{self.admin}.state")
        state = json.loads(path.read_text(encoding="utf-8"))
        edit(state)
        path.write_text(json.dumps(state), encoding="utf-8")
        self.start()
        self.await_ready()

    def shard(self) -> dict:
        """The shard as `fanfare shards -o json` has it."""
        text = web.get(f"http://{self._host.address}:{METRICS}/api/v1/shards")
        return next(s for s in json.loads(text) if s["shard"] == SHARD)

    def alerts(self) -> list:
        """Pending and firing ones, as `fanfare alerts -o json` has them."""
        return json.loads(web.get(f"http://{self._host.address}:{METRICS}/api/v1/alerts"))

    def sockets(self, *options: str) -> list:
        """As `fanfare sockets -o json` has them."""
        argv = [self._fanfare, "sockets", "--admin", self.admin, "-o", "json", *options]
        return json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)

    def metrics(self) -> list:
        try:
            return parse_metrics(web.get(f"http://{self._host.address}:{METRICS}/metrics"))
        except OSError as error:
            words = last_words(self._log_now)
            raise Failure(f"/metrics of {self.name}: {error}; {words}") from None

    def value(self, name: str, **labels: str) -> float:
        """The sum of the shard's samples fanfare_NAME that carry these labels."""
        return sum(s.value for s in self.metrics() if s.name == f"fanfare_{name}"
                   and {"shard": SHARD, **labels}.items() <= {"shard": SHARD, **s.labels}.items())
