# SPDX-License-Identifier: Apache-2.0
"""What replication and identities cost those sockets that have none: two agents, each on a cgroup
of its own, one of them told of both for ports that nobody uses.
"""
import math

from fan_out import FanOut, Set, Shape
from report import alternate, figure, middle, most, ratios
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
PROTOCOLS = ("websocket", "plain")


def elsewhere(bench) -> list[dict]:
    """Data runs of both hooks' programs; messages of WebSocket servers and a plain server's.

    Twice, the agents changing places: where sockets and maps happen to lie costs as much as what is
    looked for. A round's figure is the geometric mean of both, from which the place falls out.
    """
    config = CONFIG.format(clients=free_port(), replication=free_port())
    places = [bench.cgroups.ours, bench.cgroups.none]
    halves = [measured(bench, config, *places), measured(bench, config, *reversed(places))]
    figures = []
    for protocol in PROTOCOLS:
        for hook in ("egress", "ingress"):
            ours, theirs = ([half[protocol, name][hook] for half in halves]
                            for name in ("with", "without"))
            both = [math.sqrt(a * b) for a, b in zip(*map(ratios, ours, theirs), strict=True)]
            figures.append(figure(f"{hook}_{protocol}_run_configured_elsewhere",
                                  "x the run without either configured", both, most(1.02),
                                  with_ns=middle(sum(ours, [])), without_ns=middle(sum(theirs, [])),
                                  sockets=bench.scaled(500)))
    return figures


def measured(bench, config: str, with_cgroup: str, without_cgroup: str) -> dict:
    sockets, shape = bench.scaled(500), Shape()
    cgroups = {"with": with_cgroup, "without": without_cgroup}
    sets = {(protocol, name): Set(f"{protocol} {name}", cgroup, protocol=protocol)
            for protocol in PROTOCOLS for name, cgroup in cgroups.items()}
    with bench.agent(with_cgroup, config) as with_both, bench.agent(without_cgroup) as without, \
            FanOut(bench, list(sets.values()), sockets) as fan_out, statistics_on(bench):
        runs = alternate(
            {key: lambda of=of: fan_out.metered_burst(of, shape, bench.meter)
             for key, of in sets.items()}, bench.rounds, bench.scaled_bursts(20))
        must_be_one_segment(runs)
        with_both.must_have_counted(fan_out.sends["websocket with"])
        without.must_have_counted(fan_out.sends["websocket without"])
    return runs
