"""
How fast a window is diagnosed and read: `python -m benchmarks.diagnose --folder DIR [--runs 5] [--ask NAME ...]`.

Stores of up to ten million records are filled once, through ingest, and kept in the folder; the real server, warm, is
asked over HTTP. Each time stands beside a reference measured in the same run: SQLite alone, counting the window's
records over their index of time. docs/benchmarks.md explains the columns.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from benchmarks import diagnose_asks, load, processes, servers, stores, table
from benchmarks.diagnose_asks import ASKS, MOST_GROWTH, MOST_MIB, Ask
from benchmarks.diagnose_stores import opened

WARM_UP = 4  # requests before the clock runs, so that every worker has answered one
COLUMNS = ("median ms", "goal ms", "least", "most", "CPU ms", "MiB", "count ms", "ratio")


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of one question."""

    ask: Ask
    taken_ms: list[float]  # sorted
    cpu_ms: float  # of all processes of the server, a request
    mib: float  # the server's peak above what it took when it was idle
    reference_ms: float

    @property
    def median_ms(self) -> float:
        """Of the runs."""
        return statistics.median(self.taken_ms)

    def row(self) -> str:
        """A line of the table."""
        goal = f"{self.ask.goal_ms:,.0f}" if self.ask.goal_ms else "-"
        ratio = self.median_ms / self.reference_ms
        numbers = (
            self.median_ms,
            self.taken_ms[0],
            self.taken_ms[-1],
            self.cpu_ms,
            self.mib,
            self.reference_ms,
        )
        median, least, most, cpu, mib, reference = (f"{number:,.1f}" for number in numbers)
        cells = (median, goal, least, most, cpu, mib, reference, f"{ratio:.2f}")
        return f"{self.ask.name:<26}" + "".join(f"{cell:>10}" for cell in cells)


def measured(asks: Sequence[Ask], folder: Path, runs: int) -> Iterator[Figures]:
    """Each question, store by store."""
    for store in dict.fromkeys(ask.store for ask in asks):
        server, keys = opened(store, folder)
        (file,) = stores.project_files(server)
        known = diagnose_asks.known(file)
        with servers.loopkit(server) as process:
            idle = processes.resident_mib(process)
            for ask in asks:
                if ask.store == store:
                    request = ask.request(keys["agent_key"], known)
                    taken, cpu, peak = timed(request, server.port, process, runs)
                    reference = statistics.median(
                        diagnose_asks.reference_seconds(ask, file) for _ in range(3)
                    )
                    yield Figures(ask, taken, cpu, max(0.0, peak - idle), reference * 1000)


def timed(request: bytes, port: int, process: int, runs: int) -> tuple[list[float], float, float]:
    """Milliseconds of each run, sorted; CPU milliseconds a run; peak memory in MiB."""
    for _ in range(WARM_UP):
        seconds(request, port)
    processes.forget_peaks(process)
    before = processes.cpu_seconds(process)
    taken = [seconds(request, port) for _ in range(runs)]
    spent = processes.cpu_seconds(process) - before
    return sorted(1000 * one for one in taken), 1000 * spent / runs, processes.peak_mib(process)


def seconds(request: bytes, port: int) -> float:
    """From the first byte sent on a connection that stands to the last received. Refused unless it is 2xx."""
    with load.connected(port) as connection:
        start = time.perf_counter()
        if load.exchange(connection, request) >= 300:
            raise load.Refused("the server was too busy")
        return time.perf_counter() - start


def verdicts(found: Iterable[Figures]) -> Iterator[str]:
    """A line for each goal, and whether it was met."""
    by_name = {figures.ask.name: figures for figures in found}
    for name, figures in by_name.items():
        if figures.ask.goal_ms:
            yield verdict(name, figures.median_ms, figures.ask.goal_ms, "ms")
    few, many = by_name.get("diagnose_few_healthy"), by_name.get("diagnose_many_healthy")
    if few and many:
        growth = many.median_ms / few.median_ms
        yield verdict("growth", growth, MOST_GROWTH, "times, for ten times the healthy records")
    most = max(by_name.values(), key=lambda figures: figures.mib)
    yield verdict("memory", most.mib, MOST_MIB, f"MiB above the idle server, in {most.ask.name}")


def verdict(name: str, value: float, goal: float, unit: str) -> str:
    """One line."""
    return f"{name:<26}{value:>10,.2f} <= {goal:<8,g}{'met' if value <= goal else 'NOT MET':<8} {unit}"


def as_json(found: Iterable[Figures]) -> bytes:
    """Everything, for machines."""
    rows = [
        {
            "name": figures.ask.name,
            "store": figures.ask.store.name,
            "median_ms": figures.median_ms,
            "goal_ms": figures.ask.goal_ms,
            "taken_ms": figures.taken_ms,
            "cpu_ms": figures.cpu_ms,
            "mib": figures.mib,
            "reference_ms": figures.reference_ms,
        }
        for figures in found
    ]
    return orjson.dumps({"machine": table.machine(), "asks": rows}, option=orjson.OPT_INDENT_2)


def main(given: Sequence[str] | None = None) -> None:
    """The table, and how far the goals are."""
    names = [ask.name for ask in ASKS]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--folder", type=Path, required=True, help="where the stores are kept; 6 GB for all of them"
    )
    parser.add_argument("--runs", type=int, default=5, help="of each question; the median counts")
    parser.add_argument("--ask", nargs="+", default=names, choices=names, metavar="NAME")
    parser.add_argument("--json", action="store_true", help="print figures for machines")
    options = parser.parse_args(given)
    if not options.json:
        print(", ".join(f"{name} {value}" for name, value in table.machine().items()))
        print(f"{'':<26}" + "".join(f"{title:>10}" for title in COLUMNS), flush=True)
    found = []
    for figures in measured([ask for ask in ASKS if ask.name in options.ask], options.folder, options.runs):
        found.append(figures)
        if not options.json:
            print(figures.row(), flush=True)
    print(as_json(found).decode() if options.json else "\n".join(["", *verdicts(found)]))


if __name__ == "__main__":
    main()
