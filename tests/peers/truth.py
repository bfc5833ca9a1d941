# SPDX-License-Identifier: Apache-2.0
"""What really passed: the server's own count and the clients' own count, joined by address.

Where the two disagree there is no truth, and the run fails before the agent is asked.
"""
import collections
import dataclasses
import ipaddress
import time

from processes import Failure

SETTLE_SECONDS = 60


def address(text: str) -> str:
    """One spelling for 'ip:port' whatever the library writes: no brackets, IPv4 unmapped."""
    host, _, port = text.rpartition(":")
    ip = ipaddress.ip_address(host.strip("[]"))
    mapped = ip.version == 6 and ip.ipv4_mapped
    return f"{mapped or ip}|{port}"


@dataclasses.dataclass(frozen=True)
class Link:
    """One connection, from the server to its client."""

    client: str  # the client's own address
    peer: str  # whom the server sees: the client, or the proxy's upstream socket
    open: bool
    events_out: int
    events_in: int
    pings: int  # by the server
    pongs: int  # by the server: one for each ping of the client
    closes: int  # close frames by the server once the connection has ended
    frames: int | None  # of events out; None: the server's library does not tell
    hung_up: bool  # the server closed TCP without waiting for the client's close frame

    @property
    def control_out(self) -> int:
        return self.pings + self.pongs + (0 if self.open else self.closes)

    @property
    def control_in(self) -> tuple[int, int]:
        """At least and at most: the close that meets a socket already gone has no certain count."""
        most = self.pings + self.pongs + (not self.open)  # every ping has been answered
        return most - self.hung_up, most


def by_key(records, key) -> dict:
    """Lists, since a port may come again after its connection has gone."""
    table = collections.defaultdict(list)
    for record in records:
        table[key(record)].append(record)
    return table


def pairs(server: list, clients: list):
    """(server's record, client's record) for each connection; None where one side has no word."""
    ours = by_key(server, lambda record: address(record["via"] or record["peer"]))
    theirs = by_key(clients, lambda record: address(record["local"]))
    for key in sorted(ours.keys() | theirs.keys()):
        left, right = ours[key], theirs[key]
        longest = max(len(left), len(right))
        left, right = (side + [None] * (longest - len(side)) for side in (left, right))
        yield from zip(left, right)


def quarrel(server, client) -> str:
    """How the two ends of a connection disagree; empty when they do not."""
    if not server or not client:
        return f"{client or server}: known to one end only"
    said = {
        "open": (server["open"], client["open"]),
        "messages out": (server["sent"], client["received"]),
        "messages in": (server["received"], client["published"]),
        "pings": (server["pings"], client["pings_in"]),
        "pongs": (client["pings_out"], client["pongs_in"]),
    }
    return ", ".join(f"{client['local']} {what}: server {ours}, client {theirs}"
                     for what, (ours, theirs) in said.items() if ours != theirs)


def link(server: dict, client: dict) -> Link:
    return Link(client=address(client["local"]), peer=address(server["peer"]), open=client["open"],
                events_out=server["sent"], events_in=server["received"], pings=server["pings"],
                pongs=client["pongs_in"], closes=server.get("closes", 1),
                frames=server.get("frames"), hung_up=server.get("hung_up", False))


def ask(running) -> tuple[list, list]:
    running.server.tell("report")
    running.clients.tell("report")
    server = running.server.hear()["clients"]
    return server, running.clients.hear()["clients"]


def await_open(running, count: int) -> list:
    """The clients' records once both ends say that `count` connections are open.

    Before the barrier: an end that has sent its close no longer answers a ping.
    """
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        server, clients = ask(running)
        got = [sum(record["open"] for record in records) for records in (server, clients)]
        if got == [count, count]:
            return clients
        if time.monotonic() > deadline:
            raise Failure(f"{count} connections are due, open at the server and clients are {got}")
        time.sleep(0.05)


def settle(running, count: int) -> list[Link]:
    """Waits until `count` connections are open and all that was sent has come.

    A ping each way follows the messages as a barrier: its answer proves that they have passed.
    """
    due = {index: (record["pings_in"] + 1, record["pings_out"] + 1)
           for index, record in enumerate(await_open(running, count)) if record["open"]}
    running.server.ask("ping")
    running.clients.ask("ping")
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        server, clients = ask(running)
        quarrels = [words for pair in pairs(server, clients) if (words := quarrel(*pair))]
        late = [clients[index]["local"] for index, pings in due.items()
                if (clients[index]["pings_in"], clients[index]["pongs_in"]) != pings]
        if not quarrels and not late:
            return [link(*pair) for pair in pairs(server, clients)]
        if time.monotonic() > deadline:
            quarrels += [f"{local}: the last ping or pong has not come" for local in late]
            raise Failure("server and clients disagree:\n  " + "\n  ".join(quarrels[:10]))
        time.sleep(0.05)
