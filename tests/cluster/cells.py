# SPDX-License-Identifier: Apache-2.0
"""Addresses on the switch that clients dial from: each stands for a cell or an office that can die.

A dead one answers nothing and is told nothing: its packets are dropped. Of this process's network
namespace, so that nothing is left of them.
"""
import subprocess

from hosts import ip_here

FIRST = 101  # 10.77.0.101, ...


def nft(words: str) -> None:
    subprocess.run(["nft", words], check=True, timeout=10)


class Cells:
    """`count` for each node; `of(node)` are its own addresses."""

    def __init__(self, nodes: list[str], count: int):
        self._of = {node: [f"10.77.0.{FIRST + place * count + i}" for i in range(count)]
                    for place, node in enumerate(nodes)}
        self.addresses = [address for own in self._of.values() for address in own]
        for address in self.addresses:
            ip_here("addr", "add", f"{address}/24", "dev", "switch")
        if count:
            nft("add table inet cells; add set inet cells dead { type ipv4_addr; };"
                "add chain inet cells in { type filter hook input priority 0; };"
                "add chain inet cells out { type filter hook output priority 0; };"
                "add rule inet cells in ip daddr @dead drop;"
                "add rule inet cells out ip saddr @dead drop")

    def of(self, node: str) -> list[str]:
        return self._of[node]

    def cut(self, addresses: list[str]) -> None:
        nft(f"add element inet cells dead {{ {', '.join(addresses)} }}")

    def mend(self, addresses: list[str]) -> None:
        nft(f"delete element inet cells dead {{ {', '.join(addresses)} }}")
