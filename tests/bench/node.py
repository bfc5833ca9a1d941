# SPDX-License-Identifier: Apache-2.0
"""A real server's broadcast throughput with the agent running and without it."""
import pathlib
import shutil
import subprocess
import time

from fan_out import CLIENT_CPU, SERVER_CPU
from report import alternate, figure, least, middle, ratios
from surroundings import Failure, Peer

HERE = pathlib.Path(__file__).resolve().parent
PACKAGE = HERE.parent / "peers" / "node"
CLIENTS, SIZE = 150, 200
FRAME_HEADER = 4       # bytes, of a frame with 126 to 65,535 payload bytes
WARM_UP_MESSAGES = 50  # also lets the agent fall into step with sockets older than itself
QUIET_SECONDS = 0.1    # the agent falls into step after 50 ms of silence


def install(work: pathlib.Path) -> None:
    """The `ws` library, pinned by the lock file; quick when it is there."""
    work.mkdir(parents=True, exist_ok=True)
    for file in (HERE / "broadcast_server.js", *PACKAGE.glob("package*.json")):
        shutil.copy(file, work)
    if not (work / "node_modules" / "ws").exists():
        try:
            subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=work,
                           check=True, timeout=60, stdout=subprocess.DEVNULL)
        except (OSError, subprocess.SubprocessError) as error:
            raise Failure(f"npm ci: {error}") from None


class Broadcast:
    def __init__(self, bench, server: Peer, clients: Peer):
        self._bench, self._server, self._clients = bench, server, clients

    def _run(self, messages: int) -> float:
        """Messages a second that all clients have received."""
        began = time.monotonic()
        self._server.tell("broadcast", messages=messages, size=SIZE)
        self._clients.ask("receive", set="clients", bytes_each=messages * (SIZE + FRAME_HEADER))
        took = time.monotonic() - began
        if self._server.hear()["clients"] != CLIENTS:
            raise Failure("the Node server has lost a client")
        return messages * CLIENTS / took

    def round(self, messages: int) -> dict[str, float]:
        time.sleep(QUIET_SECONDS)
        self._run(WARM_UP_MESSAGES)
        return {"rate": self._run(messages)}

    def round_with_agent(self, messages: int) -> dict[str, float]:
        with self._bench.agent(self._bench.cgroups.ours) as agent:
            result = self.round(messages)
            agent.must_have_counted((WARM_UP_MESSAGES + messages) * CLIENTS)
        return result


def broadcast_throughput(bench) -> list[dict]:
    work = bench.build / "bench"
    install(work)
    # The server only is in the agent's cgroup: real clients are on other hosts.
    start = (f"cd {work} && echo $$ > {bench.cgroups.ours}/cgroup.procs && "
             f"exec taskset -c {SERVER_CPU} node broadcast_server.js")
    messages = bench.scaled(2500)
    with Peer("node", ["sh", "-c", start], bench.work / "node.log") as server, \
            Peer("clients", [bench.bench_load, "sockets", bench.cgroups.home, str(CLIENT_CPU)],
                 bench.work / "node-clients.log") as clients:
        clients.ask("connect", set="clients", port=server.hear()["port"], count=CLIENTS,
                    protocol="websocket", cgroup="")
        broadcast = Broadcast(bench, server, clients)
        broadcast.round(messages)  # Node compiles what runs often
        measured = alternate({"with": lambda: broadcast.round_with_agent(messages),
                              "without": lambda: broadcast.round(messages)},
                             bench.rounds, 1 if bench.quick else 3)
    rates = {name: of["rate"] for name, of in measured.items()}
    return [figure("node_ws_broadcast", "x the throughput without agent",
                   ratios(rates["with"], rates["without"]), least(0.99),
                   with_messages_per_second=middle(rates["with"]),
                   without_messages_per_second=middle(rates["without"]),
                   clients=CLIENTS, messages=messages)]
