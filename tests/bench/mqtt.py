# SPDX-License-Identifier: Apache-2.0
"""The cost of a PUBLISH of MQTT over TCP beside that of a message of WebSocket with as many bytes."""
import struct

from fan_out import FanOut, Set, Shape
from report import NO_TARGET, alternate, figure, middle, ratios
from run_time import must_be_one_segment, statistics_on
from surroundings import free_port

PAYLOAD_BYTES = 200
CONNACK = b"\x20\x02\x00\x00"  # of 3.1.1
CONFIG = """
node: bench
shards:
  - {{name: plain, match: {{listen_ports: [{plain}]}}, clients: {{protocol: mqtt}}}}
  - name: identity
    match: {{listen_ports: [{identity}]}}
    clients: {{protocol: mqtt, identity: payload}}
"""


def publish(payload: bytes) -> bytes:
    """Quality of service 0; between 126 and 16,383 bytes."""
    rest = struct.pack(">H", 6) + b"room/1" + payload
    return bytes([0x30, len(rest) % 128 | 128, len(rest) // 128]) + rest


def mqtt(bench) -> list[dict]:
    """Data runs of the egress program."""
    sockets = bench.scaled(500)
    ports = {name: free_port() for name in ("plain", "identity")}
    sets = {name: Set(name, bench.cgroups.ours, protocol="plain", port=port)
            for name, port in ports.items()}
    sets["websocket"] = Set("websocket", bench.cgroups.ours)
    shapes = dict.fromkeys(ports, Shape(content=publish(b"." * PAYLOAD_BYTES)))
    shapes["websocket"] = Shape(size=PAYLOAD_BYTES)
    with bench.agent(bench.cgroups.ours, CONFIG.format(**ports)) as agent, \
            FanOut(bench, list(sets.values()), sockets) as fan_out, statistics_on(bench):
        for name in ports:
            fan_out.burst(sets[name], Shape(passes=1, content=CONNACK))
        handshakes = sum(fan_out.sends.values())
        measured = alternate({name: lambda name=name: fan_out.metered_burst(
            sets[name], shapes[name], bench.meter) for name in sets}, bench.rounds, 10)
        must_be_one_segment(measured)
        agent.must_have_counted(sum(fan_out.sends.values()) - handshakes)
    message = measured["websocket"]["egress"]
    return [figure(name, "x the run of a WebSocket message", ratios(measured[of]["egress"], message),
                   NO_TARGET, with_ns=middle(measured[of]["egress"]), plain_ns=middle(message),
                   sockets=sockets)
            for name, of in (("egress_mqtt", "plain"), ("egress_mqtt_identity", "identity"))]
