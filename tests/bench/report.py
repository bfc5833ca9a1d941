# SPDX-License-Identifier: Apache-2.0
"""What the benchmark says: figures from rounds, and the machine they hold for. Measures nothing."""
import collections
import datetime
import os
import platform
import statistics
import sys


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def most(target: float) -> dict:
    return {"target": target, "bound": "at most"}


def least(target: float) -> dict:
    return {"target": target, "bound": "at least"}


NO_TARGET = {"target": None, "bound": None}


def significant(value: float) -> float:
    return float(f"{value:.4g}") if abs(value) < 10000 else round(value)


def met(value: float, target: dict) -> bool | None:
    if target["target"] is None:
        return None
    return value <= target["target"] if target["bound"] == "at most" else value >= target["target"]


def figure(name: str, unit: str, rounds: list[float], target: dict, **details) -> dict:
    """The median of the rounds; `details` are beside the point but say what went into it."""
    value = statistics.median(rounds)
    verdict = {None: "no target", True: "met", False: "MISSED"}[met(value, target)]
    bound = f", {target['bound']} {target['target']}" if target["bound"] else ""
    say(f"  {name}: {significant(value)} {unit} ({verdict}{bound})")
    return {"name": name, "unit": unit, "value": significant(value),
            "min": significant(min(rounds)), "max": significant(max(rounds)),
            "rounds": len(rounds), **target, "met": met(value, target), "details": details}


def ratios(numerators: list[float], denominators: list[float]) -> list[float]:
    return [a / b for a, b in zip(numerators, denominators, strict=True)]


def middle(values: list[float]) -> float:
    return significant(statistics.median(values))


def alternate(cases: dict, rounds: int, bursts: int) -> dict[str, dict[str, list[float]]]:
    """Runs the cases in turn, burst by burst, each burst in another order, so that what disturbs
    the machine meets them all. A case gives {quantity: number}; the result is, for each case and
    quantity, one number a round: the median of its bursts (a single disturbed burst is no matter).
    """
    names = list(cases)
    result = {name: collections.defaultdict(list) for name in names}
    for turn in range(rounds):
        samples = {name: collections.defaultdict(list) for name in names}
        for burst in range(bursts):
            first = (turn + burst) % len(names)
            for name in names[first:] + names[:first]:
                for quantity, number in cases[name]().items():
                    samples[name][quantity].append(number)
        for name, quantities in samples.items():
            for quantity, numbers in quantities.items():
                result[name][quantity].append(statistics.median(numbers))
    return result


def cpu_model() -> str:
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return models[0] if models else platform.machine()


def machine() -> dict:
    with open("/proc/meminfo", encoding="utf-8") as file:
        memory_kib = int(file.readline().split()[1])
    return {"kernel": platform.release(), "cpus": os.cpu_count(), "model": cpu_model(),
            "memory_gib": round(memory_kib / 2**20, 1),
            "load_before": os.getloadavg()[0],
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")}
