# SPDX-License-Identifier: Apache-2.0
"""What replication and identities cost those sockets that have none: two agents, each on a cgroup
of its own, one of them told of both for ports that nobody uses.
"""
from fan_out import FanOut, Set, Shape
from report import NO_TARGET, alternate, figure, middle, ratios
from run_time import must_be_one_segment, statistics_on
from surroundings import free_port

CONFIG = """
node: bench
shards:
  - name: elsewhere
    match: {{listen_ports: [{clients}]}}
    clients: {{identity: payload}}
    replication: {{protocol: hashicorp-raft, ports: [{replication}]}}
"""


def elsewhere(bench) -> list[dict]:
    """Data runs of both hooks' programs; messages of WebSocket servers and a plain server's."""
    config = CONFIG.format(clients=free_port(), replication=free_port())
    sockets, shape = bench.scaled(500), Shape()
    cgroups = {"with": bench.cgroups.ours, "without": bench.cgroups.none}
    sets = {(protocol, name): Set(f"{protocol} {name}", cgroup, protocol=protocol)
            for protocol in ("websocket", "plain") for name, cgroup in cgroups.items()}
    with bench.agent(cgroups["with"], config) as with_both, \
            bench.agent(cgroups["without"]) as without, \
            FanOut(bench, list(sets.values()), sockets) as fan_out, statistics_on(bench):
        measured = alternate(
            {key: lambda of=of: fan_out.metered_burst(of, shape, bench.meter)
             for key, of in sets.items()}, bench.rounds, bench.scaled_bursts(20))
        must_be_one_segment(measured)
        with_both.must_have_counted(fan_out.sends["websocket with"])
        without.must_have_counted(fan_out.sends["websocket without"])
    figures = []
    for protocol in ("websocket", "plain"):
        for hook in ("egress", "ingress"):
            ours, theirs = (measured[protocol, name][hook] for name in cgroups)
            figures.append(figure(f"{hook}_{protocol}_run_configured_elsewhere",
                                  "x the run without either configured", ratios(ours, theirs),
                                  NO_TARGET, with_ns=middle(ours), without_ns=middle(theirs),
                                  sockets=sockets))
    return figures
