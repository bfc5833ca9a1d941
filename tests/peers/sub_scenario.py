# SPDX-License-Identifier: Apache-2.0
"""What the clients of a sub-protocol go through, and whether their counts are a truth.

Not here: any judgement of the agent. `checkpoint` is called with everything settled.
"""
import time

from processes import Failure, JsonProcess

# On both sides of the length fields of RFC 6455, and of 4096-byte buffers; every way a client
# publishes comes by at least twice.
SIZES = (1, 60, 99, 125, 126, 127, 300, 1500, 4000, 4096, 9000, 65536, 70000)
SETTLE_SECONDS = 60
WAYS = ("out", "in")


def events(clients, way: str) -> int:
    return sum(client[way]["event"] for client in clients)


class Room:
    """The clients, with what each must have been given."""

    def __init__(self, plan, clients: JsonProcess, server: JsonProcess | None):
        self._plan, self._clients, self._server = plan, clients, server
        self._due = []  # events for each client that ever came
        self._open = []

    def report(self) -> list[dict]:
        return self._clients.ask("report")["clients"]

    def connect(self, count: int) -> None:
        self._clients.ask("connect", count=count)
        self._due += [0] * count
        self._open += [True] * count

    def publish(self, sizes, pause_ms: int = 0) -> None:
        self._clients.ask("publish", sizes=sizes, pause_ms=pause_ms)
        events = len(sizes) * sum(self._open)
        self._due = [due + events * is_open for due, is_open in zip(self._due, self._open)]

    def close(self, count: int) -> None:
        self._clients.ask("close", count=count)
        for index in [i for i, is_open in enumerate(self._open) if is_open][:count]:
            self._open[index] = False

    def settle(self, beats: int = 0) -> None:
        """Waits until all that was sent has come, and `beats` heartbeats each way."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while words := [*self._quarrels(beats if self._plan.beats else 0)]:
            if time.monotonic() > deadline:
                raise Failure("there is no truth:\n  " + "\n  ".join(words[:10]))
            time.sleep(0.1)

    def _quarrels(self, beats: int):
        """Where the clients' counts do not fit each other, the server's, or what was published."""
        clients = self.report()
        for client, due, is_open in zip(clients, self._due, self._open, strict=True):
            if (client["delivered"], client["open"]) != (due, is_open):
                yield f"{client['local']} got {client['delivered']} events of {due}"
            yield from self._quarrels_of(client, beats * is_open)
        shared = sum(client["shared"][way] for client in clients for way in WAYS)
        if (self._plan.inside == "several") != bool(shared):
            yield f"{shared} messages of WebSocket have several inside"
        for way in WAYS if self._plan.mode == "deflate" else ():
            packed = events([client["packed"] for client in clients], way)
            if not 0 < packed < events(clients, way):
                yield f"{packed} of {events(clients, way)} events {way} are compressed, not some"
        if self._server:
            received, sent = self._server.ask("report")["received"], events(clients, "in")
            if received != sent:
                yield f"the server received {received} events of {sent}"

    def _quarrels_of(self, client: dict, beats: int):
        given, passed = client["delivered"] + client["beside"], client["out"]["event"]
        if passed != given:
            yield f"{client['local']}: its library has {given} events, {passed} came by wire"
        for way in WAYS:
            told = sum(client[way][kind] for kind in ("event", "heartbeat", "other"))
            if self._plan.inside == "one" and told != client["messages"][way]:
                yield f"{client['local']}: {told} of {client['messages'][way]} messages {way}"
            if client[way]["heartbeat"] < beats:
                yield f"{client['local']}: {client[way]['heartbeat']} heartbeats {way}"


def play(room: Room, largest: int, checkpoint) -> None:
    sizes = [size for size in SIZES if size <= largest]
    room.connect(8)
    room.publish(sizes)
    room.settle(beats=1)
    checkpoint()
    room.close(4)
    room.connect(4)
    room.publish(sizes, pause_ms=5)
    room.settle(beats=1)
    checkpoint()
    room.close(8)
    room.settle()
    checkpoint()
