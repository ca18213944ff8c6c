"""
How fast the approval console answers: `python -m benchmarks.console [--set NAME ...] [--runs 9] [--json]`.

In this process, through the whole application and a database on the disk: each request is timed after two that warm
up, and the median counts, beside its goal. A set is a module of benchmarks/console_cases with `GOAL_MS` and `cases()`.
"""

from __future__ import annotations

import argparse
import json
import pkgutil
import statistics
import time
from collections.abc import Callable
from importlib import import_module

from benchmarks import console_cases, table
from benchmarks.quality_sets.place import prepared

WARM_UP = 2
NO_CASES = {"world"}
SETS = sorted({module.name for module in pkgutil.iter_modules(console_cases.__path__)} - NO_CASES)
Figures = dict[str, float]


def measure(ask: Callable[[], object], runs: int) -> Figures:
    """Milliseconds of one request: the median and the worst of several, and the median of the processor's time."""
    for _ in range(WARM_UP):
        ask()
    taken, spent = [], []
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        ask()
        taken.append((time.perf_counter() - wall) * 1000)
        spent.append((time.process_time() - cpu) * 1000)
    return {"median_ms": statistics.median(taken), "worst_ms": max(taken), "cpu_ms": statistics.median(spent)}


def measured(names: list[str], runs: int, is_quiet: bool) -> dict[str, Figures]:
    """Every case of the sets, shown as it comes."""
    found = {}
    for name in names:
        module = import_module(f"benchmarks.console_cases.{name}")
        for case, ask in module.cases().items():
            found[case] = measure(ask, runs) | {"goal_ms": module.GOAL_MS}
            if not is_quiet:
                print(line(case, found[case]), flush=True)
    return found


def line(case: str, figures: Figures) -> str:
    """One case, and whether its goal is met."""
    median, goal = figures["median_ms"], figures["goal_ms"]
    rest = f"{figures['worst_ms']:>10.1f}{figures['cpu_ms']:>10.1f}{goal:>10.0f}"
    return f"{case:<32}{median:>10.1f}{rest}   {'met' if median <= goal else 'NOT met'}"


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", nargs="+", choices=SETS, default=SETS, dest="sets")
    parser.add_argument("--runs", type=int, default=9, help="of each case; the median counts")
    parser.add_argument("--json", action="store_true", help="print figures for machines")
    asked = parser.parse_args()
    if not asked.json:
        print(", ".join(f"{name} {value}" for name, value in table.machine().items()))
        print(f"{'case':<32}" + "".join(f"{title:>10}" for title in ("ms", "worst", "CPU ms", "goal")))
    with prepared():
        found = measured(asked.sets, asked.runs, asked.json)
    if asked.json:
        print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
