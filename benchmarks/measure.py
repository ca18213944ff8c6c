"""One case measured: both servers up, runs in turn, and the store counted at the end."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import load, processes, servers, stores
from benchmarks.cases import Case, Figures
from benchmarks.plans import bodies, plans
from benchmarks.servers import Target
from tests.server import Server

CEILING_TABLE, RECORDS = "span", "telemetry_record"


@dataclass(frozen=True, slots=True)
class Run:
    """One run against one server."""

    seconds: float
    latencies: list[float]
    server_cpu: float
    load_cpu: float
    retried: int
    wire_bytes: int


def measure(case: Case, folder: Path, runs: int) -> Figures:
    """The figures of a case. NotStored when the store does not hold what was acknowledged."""
    server = servers.prepared(folder / "loopkit")
    with ExitStack() as running:
        process = running.enter_context(servers.loopkit(server))
        projects = [server.provision(f"benchmark-{number}") for number in range(case.projects)]
        ours = Target(server.port, process, [project["producer_key"] for project in projects])
        targets = [ours]
        if case.has_ceiling:
            top = servers.ceiling(folder, server.environment, case.projects)
            targets.append(running.enter_context(top))
        taken = in_turn(case, targets, runs)
        peak = processes.peak_mib(process)
        sent = case.spans * (case.requests * runs + warm_up(case))
        stores.check_tallies(server, [project["agent_key"] for project in projects], sent)
    check_files(case, server, folder, sent)
    return summary(case, taken, peak, stores.bytes_of_spans(server) / sent)


def in_turn(case: Case, targets: Sequence[Target], runs: int) -> list[list[Run]]:
    """The runs of each target: ours, the ceiling, ours, the ceiling, so that a slow minute hits both."""
    for target in targets:
        run(case, target, warm_up(case))
    rounds = [[run(case, target, case.requests) for target in targets] for _ in range(runs)]
    return [list(of_target) for of_target in zip(*rounds, strict=True)]


def warm_up(case: Case) -> int:
    """Requests before the clock runs, for imports and new files."""
    return max(case.connections, case.projects)


def run(case: Case, target: Target, requests: int) -> Run:
    """All connections at once."""
    built = bodies(case, requests)
    before = processes.cpu_seconds(target.process)
    outcome, seconds = load.drive(target.port, plans(case, target.keys, built))
    spent = processes.cpu_seconds(target.process) - before
    size = sum(map(len, built))
    return Run(seconds, outcome.latencies, spent, outcome.cpu_seconds, outcome.retried, size)


def check_files(case: Case, server: Server, folder: Path, sent: int) -> None:
    """Both stores hold every span once."""
    stores.check_rows(stores.project_files(server), RECORDS, sent)
    if case.has_ceiling:
        stores.check_rows(folder.glob("*.sqlite3"), CEILING_TABLE, sent)


def summary(case: Case, taken: Sequence[Sequence[Run]], peak_mib: float, disk_bytes: float) -> Figures:
    """Medians of the runs."""
    ours = taken[0]
    spans = case.spans * case.requests
    rates = [statistics.median(spans / run.seconds for run in target) for target in taken]
    latencies = sorted(latency * 1000 for run in ours for latency in run.latencies)
    figures: dict[str, Any] = {
        "spans_a_second": rates[0],
        "requests_a_second": rates[0] / case.spans,
        "ceiling_spans_a_second": rates[1] if len(rates) > 1 else 0,
        "p50_ms": statistics.median(latencies),
        "p99_ms": latencies[int(len(latencies) * 0.99)],
        "server_us_a_span": statistics.median(run.server_cpu for run in ours) / spans * 1e6,
        "load_us_a_span": statistics.median(run.load_cpu for run in ours) / spans * 1e6,
        "wire_bytes_a_span": statistics.median(run.wire_bytes for run in ours) / spans,
        "retried": sum(run.retried for run in ours),
    }
    return Figures(case.name, peak_mib=peak_mib, disk_bytes_a_span=disk_bytes, **figures)
