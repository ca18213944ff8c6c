"""
What looping agents cost everybody else: `python -m benchmarks.bounded_agents [--projects 1] [--seconds 8]`.

Connections of agents ask for a diagnosis again and again without pausing, whatever they are told. Meanwhile another
project's exporter sends spans and a monitor asks for `/health`. Their times stand beside those of the same server in
the same run before any agent came; memory stands beside what the workers held before. docs/benchmarks.md#looping-agents
"""

from __future__ import annotations

import argparse
import re
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import orjson

from benchmarks import load, processes, servers
from tests.server import Server

SPANS = 5000  # of each agent's project, as many as a sandbox holds
KINDS = 300  # of failures; a packet holds a hundred
BATCH = 500
EVERY_SECONDS = 0.02  # between two requests of the exporter and of the monitor
RELAX_SECONDS = 6  # until memory is read again
MOST_TIMES, MOST_MIB = 3, 100
STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")


@dataclass(frozen=True, slots=True)
class Times:
    """Sorted seconds of the requests to one path."""

    seconds: list[float]

    def at(self, share: float) -> float:
        """The time in milliseconds that so large a share stayed under."""
        return 1000 * self.seconds[min(len(self.seconds) - 1, int(share * len(self.seconds)))]


def failing_spans(project: int, first: int) -> bytes:
    """A request of BATCH failing spans of the last hour, of KINDS kinds, in traces of five."""
    now = time.time_ns()
    spans = []
    for number in range(first, first + BATCH):
        start = now - (number * 1_009 % 3_500 + 5) * 1_000_000_000
        spans.append(
            {
                "traceId": f"{project + 1:08x}{number // 5:024x}",
                "spanId": f"{number + 1:016x}",
                "name": f"step {chr(97 + number % 26)}",
                "startTimeUnixNano": str(start),
                "endTimeUnixNano": str(start + 10_000_000),
                "status": {"code": 2, "message": f"kind {words(number % KINDS)} failed"},
                "attributes": [{"key": "session.id", "value": {"stringValue": f"s{number % 97}"}}],
            }
        )
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    return orjson.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]})


def words(number: int) -> str:
    """A number in letters, which no rule takes for a number."""
    return "".join(chr(97 + int(digit)) * 3 for digit in f"{number:03d}")


def post(path: str, key: str, body: bytes) -> bytes:
    """The bytes of a POST request."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def small_request(key: str) -> Iterator[bytes]:
    """Requests of eight new spans each, as an exporter sends."""
    number = 0
    while True:
        number += 1
        now = time.time_ns()
        spans = [
            {
                "traceId": f"{now:032x}",
                "spanId": f"{span + 1:016x}",
                "name": "GET /",
                "startTimeUnixNano": str(now - 10**9),
                "endTimeUnixNano": str(now),
            }
            for span in range(8)
        ]
        yield post("/v1/traces", key, orjson.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}))


def status_of(connection: socket.socket, request: bytes) -> int:
    """The status of one exchange; 0 where the connection ended."""
    connection.sendall(request)
    answer = b""
    while (end := answer.find(b"\r\n\r\n")) < 0 or len(answer) < end + 4 + load.body_length(answer[:end]):
        piece = connection.recv(1 << 20)
        if not piece:
            return 0
        answer += piece
    found = STATUS.match(answer)
    return int(found[1]) if found else 0


def timed(port: int, requests: Iterator[bytes], seconds: float, taken: list[float]) -> None:
    """Send a request every EVERY_SECONDS, and note what each took until its 2xx."""
    ends = time.perf_counter() + seconds
    with load.connected(port) as connection:
        while (start := time.perf_counter()) < ends:
            load.exchange(connection, next(requests))
            taken.append(time.perf_counter() - start)
            time.sleep(EVERY_SECONDS)


def bystanders(port: int, key: str, seconds: float) -> dict[str, Times]:
    """The times of an exporter and of a monitor over so many seconds."""
    health = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    plans = {"ingest": small_request(key), "health": iter(lambda: health, b"")}
    taken: dict[str, list[float]] = {name: [] for name in plans}
    threads = [
        threading.Thread(target=timed, args=(port, plan, seconds, taken[name]))
        for name, plan in plans.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {name: Times(sorted(found)) for name, found in taken.items()}


def loop(port: int, request: bytes, pause: float, ends: threading.Event, statuses: Counter[int]) -> None:
    """One agent that asks again as soon as it is answered, or after `pause` seconds where it was refused."""
    while not ends.is_set():
        with load.connected(port) as connection:
            while not ends.is_set() and (status := status_of(connection, request)):
                statuses[status] += 1
                ends.wait(pause if status == 503 else 0)


def agents(port: int, requests: Sequence[bytes], pause: float, report: Connection) -> None:
    """All agents, in a process of their own, until the parent says so."""
    ends, statuses = threading.Event(), Counter[int]()
    threads = [threading.Thread(target=loop, args=(port, each, pause, ends, statuses)) for each in requests]
    for thread in threads:
        thread.start()
    report.recv()
    ends.set()
    for thread in threads:
        thread.join()
    report.send((statuses, time.process_time()))


@contextmanager
def looping(port: int, requests: Sequence[bytes], pause: float, statuses: Counter[int]) -> Iterator[None]:
    """Agents that loop during the block; `statuses` says afterwards how they were answered."""
    mine, theirs = load.fork.Pipe()
    child = load.fork.Process(target=agents, args=(port, requests, pause, theirs), daemon=True)
    child.start()
    try:
        yield
    finally:
        mine.send("end")
        counted, _ = mine.recv()
        statuses.update(counted)
        child.join()


def filled(server: Server, projects: int) -> list[str]:
    """The agent keys of new projects that hold SPANS failures each."""
    keys = []
    for number in range(projects):
        project = server.provision(f"agents-{number}")
        keys.append(project["agent_key"])
        with load.connected(server.port) as connection:
            for first in range(0, SPANS, BATCH):
                load.exchange(
                    connection, post("/v1/traces", project["producer_key"], failing_spans(number, first))
                )
    return keys


def measure(folder: Path, connections: int, projects: int, seconds: float, pause: float) -> bool:
    """Print the table, and return whether the goals were met."""
    server = servers.prepared(folder)
    statuses: Counter[int] = Counter()
    with servers.loopkit(server) as process:
        keys, other = filled(server, projects), server.provision("bystander")["producer_key"]
        body = orjson.dumps({"since_minutes": 120})
        requests = [post("/v1/runs/diagnose", keys[number % projects], body) for number in range(connections)]
        bystanders(server.port, other, 2)
        before, idle = processes.resident_mib(process), bystanders(server.port, other, seconds)
        with looping(server.port, requests, pause, statuses):
            time.sleep(1)
            busy = bystanders(server.port, other, seconds)
        time.sleep(RELAX_SECONDS)
        kept = (processes.resident_mib(process) - before) / (len(processes.tree(process)) - 1)
    return shown(idle, busy, statuses, kept)


def shown(idle: dict[str, Times], busy: dict[str, Times], statuses: Counter[int], kept: float) -> bool:
    """Print what was measured; whether the goals were met."""
    print(f"{'':<10}{'idle p50':>10}{'p99':>8}{'busy p50':>10}{'p99':>8}{'most':>9}{'p99 times':>11}  (ms)")
    is_met = kept <= MOST_MIB
    for name, times in busy.items():
        growth = times.at(0.99) / idle[name].at(0.99)
        is_met &= growth <= MOST_TIMES
        print(
            f"{name:<10}{idle[name].at(0.5):>10.1f}{idle[name].at(0.99):>8.1f}{times.at(0.5):>10.1f}"
            f"{times.at(0.99):>8.1f}{1000 * times.seconds[-1]:>9.1f}{growth:>11.2f}"
        )
    print(f"agents were answered {dict(sorted(statuses.items()))}; {kept:+.0f} MiB in each worker afterwards")
    print("goals met" if is_met else f"GOALS NOT MET: {MOST_TIMES} times, {MOST_MIB} MiB")
    return is_met


def main() -> int:
    """Measure, in a data dir that is thrown away."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--projects", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--pause", type=float, default=0, help="seconds that agents wait where they get 503")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        is_met = measure(Path(folder), options.connections, options.projects, options.seconds, options.pause)
    return 0 if is_met else 1


if __name__ == "__main__":
    raise SystemExit(main())
