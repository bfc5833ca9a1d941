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


def message(number: int) -> bytes:
    """A frame as chat servers send it: the id's text begins at byte 40 of the payload."""
    text = b'{"type":"message.new","room":"a"'
    text += b" " * (ID_OFFSET - len(text) - len(b',"id":"')) + b',"id":"%016x","text":"' % number
    text += b"." * (PAYLOAD_BYTES - len(text) - 2) + b'"}'
    return struct.pack(">BBH", FIN_TEXT, LENGTH16, len(text)) + text


def identities(bench) -> list[dict]:
    """Data runs of the egress program; the message is another one in every burst."""
    sockets, numbers = bench.scaled(500), itertools.count()
    ports = {"json_key": free_port(), "payload": free_port()}
    sets = {name: Set(name, bench.cgroups.ours, port=port) for name, port in ports.items()}
    sets["plain"] = Set("plain", bench.cgroups.ours)
    with bench.agent(bench.cgroups.ours, CONFIG.format(**ports)) as agent, \
            FanOut(bench, list(sets.values()), sockets) as fan_out, statistics_on(bench):

        def burst(of: Set) -> dict[str, float]:
            shape = Shape(content=message(next(numbers)))
            return fan_out.metered_burst(of, shape, bench.meter)

        measured = alternate({name: lambda of=of: burst(of) for name, of in sets.items()},
                             bench.rounds, 10)
        must_be_one_segment(measured)
        agent.must_have_counted(sum(fan_out.sends.values()))
        for name in ports:
            shard = {"json_key": "by-key", "payload": "by-payload"}[name]
            bursts = fan_out.sends[name] // (sockets * Shape().passes)
            agent.must_have("event_copies_total", fan_out.sends[name], shard=shard)
            agent.must_have("events_reached_total", bursts, shard=shard)
    plain = measured["plain"]["egress"]
    return [figure(f"egress_identity_{name}", "x the run without identity",
                   ratios(measured[name]["egress"], plain), NO_TARGET,
                   with_ns=middle(measured[name]["egress"]), plain_ns=middle(plain),
                   sockets=sockets) for name in ports]
