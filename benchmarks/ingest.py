"""
How fast spans are stored: `python -m benchmarks.ingest [--runs 3]` prints a table.

Starts the real server, drives it over keep-alive connections with several processes, and counts the store
afterwards: what was acknowledged must be stored, or it fails. Each figure stands beside the ceiling (ceiling.py),
measured in the same run on the same gunicorn, because machines differ and the ratio does not.
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.agent_traces import body
from tests.server import ROOT, free_port, running, wait_until_ready

CASES = ((512, 4), (100, 4), (8, 8))  # spans a request, connections
PATIENCE = 120  # seconds for one run
BODIES = 40  # a connection; a body is sent once, so that nothing is a duplicate


@dataclass(frozen=True, slots=True)
class Result:
    """One run of one case."""

    spans_a_second: float
    p50_ms: float
    p99_ms: float


def drive(port: int, key: str, bodies: list[bytes], latencies: multiprocessing.Queue[list[float]]) -> None:
    """One connection that sends its bodies one after the other."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Content-Type": "application/x-protobuf", "Authorization": f"Bearer {key}"}
    taken = []
    for data in bodies:
        start = time.perf_counter()
        connection.request("POST", "/v1/traces", body=data, headers=headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        taken.append(time.perf_counter() - start)
    latencies.put(taken)


def run(port: int, key: str, spans: int, connections: int, seed: str) -> Result:
    """All connections at once; every span counted once."""
    number = max(BODIES, 4000 // spans)
    plans = [[body(spans, f"{seed} {c} {n}") for n in range(number)] for c in range(connections)]
    latencies: multiprocessing.Queue[list[float]] = multiprocessing.Queue()
    drivers = [multiprocessing.Process(target=drive, args=(port, key, plan, latencies)) for plan in plans]
    start = time.perf_counter()
    for driver in drivers:
        driver.start()
    taken = sorted(value * 1000 for _ in drivers for value in latencies.get(timeout=PATIENCE))
    seconds = time.perf_counter() - start
    for driver in drivers:
        driver.join()
    sent = spans // 8 * 8 * number * connections if spans >= 8 else spans * number * connections
    return Result(sent / seconds, statistics.median(taken), taken[int(len(taken) * 0.99)])


@contextmanager
def ceiling(folder: Path) -> Iterator[int]:
    """The ceiling's port."""
    port = free_port()
    environment = os.environ | {"CEILING_DIR": str(folder)}
    same = ["--worker-class=gthread", "--workers=2", "--threads=8", "--keep-alive=65", "--no-control-socket"]
    command = [sys.executable, "-m", "gunicorn", *same, f"--bind=127.0.0.1:{port}", "benchmarks.ceiling"]
    with (folder / "ceiling.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log)
        try:
            wait_until_ready(port)
            yield port
        finally:
            process.terminate()
            process.wait()


def case(folder: Path, spans: int, connections: int, runs: int) -> None:
    """Print one line of the table: medians of several runs, and the ratio to the ceiling."""
    unlimited = {"LOOPKIT_SANDBOX_SPANS": str(10**9)}
    with running(folder / f"{spans}", **unlimited) as server, ceiling(folder) as top:
        key = server.provision("benchmark")
        ours = [run(server.port, key["producer_key"], spans, connections, f"ours {n}") for n in range(runs)]
        theirs = [run(top, "", spans, connections, f"ceiling {n}") for n in range(runs)]
        stored = server.call("GET", "/v1/dashboard", key["agent_key"]).json()["tallies"]
    sent = (spans // 8 * 8 or spans) * max(BODIES, 4000 // spans) * connections * runs
    assert stored == {"stored": sent}, (stored, sent)
    speed, best = (
        statistics.median(result.spans_a_second for result in results) for results in (ours, theirs)
    )
    p50, p99 = (statistics.median(getattr(result, name) for result in ours) for name in ("p50_ms", "p99_ms"))
    print(
        f"{spans:>5} {connections:>11} {speed:>10,.0f} {best:>10,.0f} {speed / best:>7.0%} {p50:>8.1f} {p99:>8.1f}"
    )


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    print(
        f"{'spans':>5} {'connections':>11} {'spans/s':>10} {'ceiling':>10} {'ratio':>7} {'p50 ms':>8} {'p99 ms':>8}"
    )
    for spans, connections in CASES:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / str(spans)).mkdir()
            case(Path(folder), spans, connections, runs)


if __name__ == "__main__":
    main()
