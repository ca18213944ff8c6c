"""From nothing running, in a prepared data dir, to the first acknowledged span."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from benchmarks import load, servers
from benchmarks.cases import Case, Figures
from benchmarks.plans import bodies, plans

STEP_SECONDS = 0.005


def measure(case: Case, folder: Path) -> Figures:
    """The median of several starts, each with a project that has no file yet."""
    server = servers.prepared(folder / "loopkit")
    with servers.loopkit(server):
        keys = [server.provision(f"start-{number}")["producer_key"] for number in range(case.requests)]
    seconds = []
    for key in keys:
        request = next(plans(case, [key], bodies(case, 1))[0])
        start = time.perf_counter()
        with servers.process(servers.LOOPKIT, server.environment, server.data_dir / "server.log"):
            until_acknowledged(server.port, request)
            seconds.append(time.perf_counter() - start)
    return Figures(case.name, cold_start_seconds=statistics.median(seconds))


def until_acknowledged(port: int, request: bytes) -> None:
    """Try until the server listens, then wait for its answer."""
    deadline = time.monotonic() + load.PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            with load.connected(port) as connection:
                if load.exchange(connection, request) != 503:
                    return
        except ConnectionRefusedError:
            time.sleep(STEP_SECONDS)
    raise load.Refused("no answer after the start")
