# SPDX-License-Identifier: Apache-2.0
"""The cluster left standing for somebody at the keyboard."""
import shlex
import time

from processes import Failure
from scenarios import loss

HELP = """  fault NODE NAME     none, drop_remote, drop_all, drop_percent=N, echo_sender, half_members,
                      forget_percent=N, kill_full=BYTES, refuse; on the leader: stall_peer=NODE
  restart NODE [NAME] a roll-out of a build, with this fault
  kill NODE | start NODE | transfer
  rate N              events a second      storm SHARE SECONDS   clients leave and come back
  stall NODE SHARE SECONDS    clients stop reading      troubles      the clients' own word
  truth SECONDS       what the clients say of the last seconds
  alerts | leader | stats NODE | quit"""


def obey(cluster, words: list[str]) -> None:
    match words:
        case ["fault", node, name]:
            cluster.nodes[node].switch(name)
        case ["restart", node, *fault]:
            cluster.nodes[node].restart(*fault)
        case ["kill", node]:
            cluster.nodes[node].kill()
        case ["start", node]:
            cluster.nodes[node].start()
        case ["transfer"]:
            cluster.nodes[cluster.leader()].transfer()
        case ["rate", rate]:
            cluster.clients.ask("rate", rate=float(rate))
        case ["storm", share, seconds]:
            print(cluster.clients.ask("storm", share=float(share), seconds=float(seconds)))
        case ["stall", node, share, seconds]:
            print(cluster.clients.ask("stall", of=node, share=float(share), seconds=float(seconds)))
        case ["troubles"]:
            for name, troubles in cluster.clients.ask("troubles", seconds=60).items():
                print(f"  {name}: {troubles}")
        case ["truth", seconds]:
            for name, counts in cluster.truth(time.time() - float(seconds), time.time()).items():
                print(f"  {name}: {loss(counts):.1f} % lost; {counts}")
        case ["alerts"]:
            for firing in cluster.alertmanager.firing():
                print(f"  {firing}: {firing.annotations}")
        case ["leader"]:
            print(f"  {cluster.leader()}")
        case ["stats", node]:
            print(f"  {cluster.nodes[node].stats()}")
        case _:
            print(HELP)


def operate(cluster) -> int:
    print(f"Alertmanager: {cluster.alertmanager.url} (inside the cluster)\n"
          "In another terminal:")
    for agent in cluster.agents.values():
        print(f"  fanfare status --admin {agent.admin}")
    print(f"Here:\n{HELP}")
    while True:
        try:
            words = shlex.split(input("> "))
        except EOFError:
            return 0
        if words == ["quit"]:
            return 0
        try:
            if words:
                obey(cluster, words)
        except (Failure, KeyError, ValueError) as error:
            print(f"  {type(error).__name__}: {error}")
