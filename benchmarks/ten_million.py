"""Ten million records into one project: does the store slow down as it grows? Bodies are built on the way."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from benchmarks import load, plans, processes, servers, stores
from benchmarks.cases import Case, Figures
from benchmarks.fresh_bodies import PROTOBUF, templates
from benchmarks.measure import RECORDS, Run, summary
from benchmarks.servers import Target

MILLION = 1_000_000
SAMPLE = 32  # bodies, for their mean size


class Progress:
    """How fast each tenth went, printed as it is reached."""

    def __init__(self, acknowledged: Synchronized[int], step: int) -> None:
        self.acknowledged = acknowledged
        self.step = step
        self.last = (time.perf_counter(), 0)
        self.rates: list[float] = []

    def tick(self) -> None:
        """Look at the counter."""
        now, count = time.perf_counter(), self.acknowledged.value
        if count >= self.step * (len(self.rates) + 1):
            self.rates.append((count - self.last[1]) / (now - self.last[0]))
            self.last = (now, count)
            print(f"  {count:>12,} records: {self.rates[-1]:>8,.0f} spans/s", file=sys.stderr, flush=True)


def measure(case: Case, folder: Path, millions: float) -> Figures:
    """The rate of the last tenth beside that of the first. NotStored when the store lacks what was acknowledged."""
    case = replace(case, requests=int(millions * MILLION) // case.spans)
    sent = case.requests * case.spans
    server = servers.prepared(folder / "loopkit")
    acknowledged = load.fork.Value("Q", 0)
    progress = Progress(acknowledged, sent // 10)
    with servers.loopkit(server) as process:
        project = server.provision("ten-million")
        target = Target(server.port, process, [project["producer_key"]])
        run = drive(case, target, progress)
        peak = processes.peak_mib(process)
        stores.check_tallies(server, [project["agent_key"]], sent)
    stores.check_rows(stores.project_files(server), RECORDS, sent)
    figures = summary(case, [[run]], peak, stores.bytes_of_spans(server) / sent)
    return replace(figures, last_to_first=progress.rates[-1] / progress.rates[0])


def drive(case: Case, target: Target, progress: Progress) -> Run:
    """Send everything; the bodies' size is an estimate from a few of them."""
    sample = plans.bodies(case, SAMPLE)  # builds the templates too, before the processes part
    left = load.fork.Value("q", case.requests)
    sources = [source(case, seed, progress.acknowledged, left) for seed in range(case.connections)]
    sent = [plans.requests(case, lambda: target.keys[0], bodies) for bodies in sources]
    before = processes.cpu_seconds(target.process)
    progress.last = (time.perf_counter(), 0)
    outcome, seconds = load.drive(target.port, sent, progress.tick)
    progress.tick()
    spent = processes.cpu_seconds(target.process) - before
    size = sum(map(len, sample)) * case.requests // SAMPLE
    return Run(seconds, outcome.latencies, spent, outcome.cpu_seconds, outcome.retried, size)


def source(
    case: Case, seed: int, acknowledged: Synchronized[int], left: Synchronized[int]
) -> Iterator[bytes]:
    """Bodies for one connection until all connections together have sent enough; counts what was answered."""
    endless = plans.fresh(templates(PROTOBUF, case.spans, case.pool_spans), random.Random(seed))
    while True:
        with left.get_lock():
            if left.value <= 0:
                return
            left.value -= 1
        yield next(endless)
        with acknowledged.get_lock():
            acknowledged.value += case.spans
