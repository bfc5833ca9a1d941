# SPDX-License-Identifier: Apache-2.0
"""What it costs to tell events from heartbeats and the rest: a broadcast of events of 128 bytes by
protocol, beside the plain count of messages of that length.
"""
import struct

from fan_out import FanOut, Set, Shape
from report import NO_TARGET, alternate, figure, middle, ratios
from run_time import must_be_one_segment, statistics_on
from surroundings import free_port

PAYLOAD_BYTES = 128
FIN_TEXT, LENGTH16 = 0x81, 126

RULES = {
    "socketio": ("events: socketio", b'42["message",{"text":"'),
    "json_key": ("events: {json_key: type, in: [message.new]}", b'{"cid":"a","type":"message.new",'),
    "phoenix": ("events: phoenix", b'[null,null,"room:lobby","said",{"text":"'),
    "nats": ("events: nats", b"MSG room.1 1 108\r\n"),
}


def message(begin: bytes) -> bytes:
    """A frame; the filling is what stands behind the first bytes."""
    text = begin + b"." * (PAYLOAD_BYTES - len(begin) - 2) + b"\r\n"
    return struct.pack(">BBH", FIN_TEXT, LENGTH16, len(text)) + text


def classes(bench) -> list[dict]:
    """Data runs of the egress program."""
    sockets = bench.scaled(500)
    ports = {name: free_port() for name in RULES}
    config = "node: bench\nshards:\n" + "".join(
        f"  - {{name: {name}, match: {{listen_ports: [{ports[name]}]}}, clients: {{{rule}}}}}\n"
        for name, (rule, _) in RULES.items())
    sets = {name: Set(name, bench.cgroups.ours, port=port) for name, port in ports.items()}
    sets["plain"] = Set("plain", bench.cgroups.ours)
    begins = {name: begin for name, (_, begin) in RULES.items()} | {"plain": b"."}
    with bench.agent(bench.cgroups.ours, config) as agent, \
            FanOut(bench, list(sets.values()), sockets) as fan_out, statistics_on(bench):

        def burst(name: str) -> dict[str, float]:
            shape = Shape(content=message(begins[name]))
            return fan_out.metered_burst(sets[name], shape, bench.meter)

        measured = alternate({name: lambda name=name: burst(name) for name in sets},
                             bench.rounds, 10)
        must_be_one_segment(measured)
        agent.must_have_counted(sum(fan_out.sends.values()))
    plain = measured["plain"]["egress"]
    return [figure(f"egress_class_{name}", "x the run without classes",
                   ratios(measured[name]["egress"], plain), NO_TARGET,
                   with_ns=middle(measured[name]["egress"]), plain_ns=middle(plain),
                   sockets=sockets) for name in RULES]
