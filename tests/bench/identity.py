# SPDX-License-Identifier: Apache-2.0
"""What it costs to know one event from another: a broadcast of messages of 128 bytes, their id read
and looked up for each copy, beside the plain count of the same messages.
"""
import itertools
import struct

from fan_out import FanOut, Set, Shape
from report import NO_TARGET, alternate, figure, middle, ratios
from run_time import must_be_one_segment, statistics_on
from surroundings import free_port

PAYLOAD_BYTES, ID_OFFSET = 128, 40
FIN_TEXT, LENGTH16 = 0x81, 126

CONFIG = """
node: bench
shards:
  - name: by-key
    match: {{listen_ports: [{json_key}]}}
    clients: {{identity: {{json_key: id}}}}
  - name: by-payload
    match: {{listen_ports: [{payload}]}}
    clients: {{identity: payload}}
"""
# Apart from the first: the programs are loaded with what reads rooms as soon as one shard has them.
WITH_ROOMS = CONFIG + """
  - name: by-key-with-room
    match: {{listen_ports: [{json_key_room}]}}
    clients: {{identity: {{json_key: id}}, room: {{json_key: room}}}}
  - name: by-payload-with-room
    match: {{listen_ports: [{payload_room}]}}
    clients: {{identity: payload, room: {{json_key: room}}}}
"""
SHARDS = {"json_key": "by-key", "payload": "by-payload", "json_key_room": "by-key-with-room",
          "payload_room": "by-payload-with-room"}


def message(number: int) -> bytes:
    """A frame as chat servers send it: the id's text begins at byte 40 of the payload."""
    text = b'{"type":"message.new","room":"a"'
    text += b" " * (ID_OFFSET - len(text) - len(b',"id":"')) + b',"id":"%016x","text":"' % number
    text += b"." * (PAYLOAD_BYTES - len(text) - 2) + b'"}'
    return struct.pack(">BBH", FIN_TEXT, LENGTH16, len(text)) + text


def measure(bench, config: str, names: list[str]) -> dict:
    """Data runs of the egress program; the message is another one in every burst."""
    sockets, numbers = bench.scaled(500), itertools.count()
    ports = {name: free_port() for name in names}
    sets = {name: Set(name, bench.cgroups.ours, port=port) for name, port in ports.items()}
    sets["plain"] = Set("plain", bench.cgroups.ours)
    with bench.agent(bench.cgroups.ours, config.format(**ports)) as agent, \
            FanOut(bench, list(sets.values()), sockets) as fan_out, statistics_on(bench):

        def burst(of: Set) -> dict[str, float]:
            shape = Shape(content=message(next(numbers)))
            return fan_out.metered_burst(of, shape, bench.meter)

        measured = alternate({name: lambda of=of: burst(of) for name, of in sets.items()},
                             bench.rounds, 10)
        must_be_one_segment(measured)
        agent.must_have_counted(sum(fan_out.sends.values()))
        for name in ports:  # copies whose identity was read; what the server makes itself is not due
            agent.must_have("event_copies_total", fan_out.sends[name], shard=SHARDS[name])
    return {name: run["egress"] for name, run in measured.items()}


def identities(bench) -> list[dict]:
    """Identities alone; then beside them rooms, for each copy a lookup of its event more."""
    sockets = bench.scaled(500)
    alone = measure(bench, CONFIG, ["json_key", "payload"])
    with_rooms = measure(bench, WITH_ROOMS, list(SHARDS))
    figures = [figure(f"egress_identity_{name}", "x the run without identity",
                      ratios(alone[name], alone["plain"]), NO_TARGET, with_ns=middle(alone[name]),
                      plain_ns=middle(alone["plain"]), sockets=sockets)
               for name in ("json_key", "payload")]
    return figures + [figure(f"egress_room_beside_identity_{name}", "x the run with identity alone",
                             ratios(with_rooms[f"{name}_room"], with_rooms[name]), NO_TARGET,
                             with_ns=middle(with_rooms[f"{name}_room"]),
                             identity_ns=middle(with_rooms[name]),
                             plain_ns=middle(with_rooms["plain"]), sockets=sockets)
                      for name in ("json_key", "payload")]
