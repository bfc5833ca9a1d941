# SPDX-License-Identifier: Apache-2.0
"""A second chat shard on the same hosts, its ports ABOVE those of the first."""
import json
import re

import web
from node import CLIENTS, RAFT, START_SECONDS, ChatNode, HostAgent, refuses_nonsense

ABOVE = 100
PORT = re.compile(r"(?<=:)\d+")


class SecondNode(ChatNode):
    """Started, stopped and awaited like one of the first shard; its faults are not at hand."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self._argv = [PORT.sub(lambda port: str(int(port[0]) + ABOVE), str(word)) for word in self._argv]

    def await_serving(self) -> None:
        url = f"http://{self.host.address}:{CLIENTS + ABOVE}/publish"
        web.wait_for(f"{self.name} serves the second shard",
                     lambda: refuses_nonsense(lambda: web.get(url)), START_SECONDS)


def watch(agent: HostAgent, name: str) -> None:
    """A restart, from which on the agent watches the second shard too."""
    path = agent.admin.with_suffix(".yaml")
    config = json.loads(path.read_text(encoding="utf-8"))
    first = config["shards"][0]
    config["shards"].append({
        **first, "name": name, "match": {"listen_ports": [CLIENTS + ABOVE]},
        "replication": {**first["replication"], "ports": [RAFT + ABOVE]}})
    path.write_text(json.dumps(config, indent=2), encoding="utf-8")
    agent.restart()
