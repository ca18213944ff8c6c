"""
The load: keep-alive connections in a few processes that send finished request bytes and read as little as they can.

The generator shares its cores with the server, so that what it spends is missing there: no HTTP library, no body
built while the clock runs. Its own CPU time is measured and shown.
"""

from __future__ import annotations

import gc
import multiprocessing
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.synchronize import Barrier

PROCESSES = 2
PATIENCE_SECONDS = 60  # for one answer
RETRIES = 20
TICK_SECONDS = 0.1
STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
fork = multiprocessing.get_context("fork")  # the children share what was built before

Plan = Iterator[bytes]  # the requests of one connection


class Refused(Exception):
    """The server gave an answer that loses the spans."""


@dataclass(slots=True)
class Outcome:
    """What one process, or all of a run, saw."""

    latencies: list[float]  # seconds, of acknowledged requests; from the first attempt
    retried: int = 0
    cpu_seconds: float = 0
    ended_at: float = 0
    error: str = ""


def connected(port: int) -> socket.socket:
    """A connection to the server here. The kernel keeps the time: a socket with Python's own polls before each call."""
    connection = socket.create_connection(("127.0.0.1", port))
    for limit in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        connection.setsockopt(socket.SOL_SOCKET, limit, struct.pack("ll", PATIENCE_SECONDS, 0))
    return connection


def exchange(connection: socket.socket, request: bytes) -> int:
    """Send one request and read its answer to the end; the status. Refused unless it is 2xx or 503."""
    connection.sendall(request)
    answer = b""
    while (end := answer.find(b"\r\n\r\n")) < 0 or len(answer) < end + 4 + body_length(answer[:end]):
        piece = connection.recv(65536)
        if not piece:
            raise Refused(f"the connection ended after {answer!r}")
        answer += piece
    status = STATUS.match(answer)
    if status is None or not (status[1].startswith(b"2") or status[1] == b"503"):
        raise Refused(answer.decode("utf-8", "replace"))
    return int(status[1])


def body_length(head: bytes) -> int:
    """What the head says."""
    length = LENGTH.search(head)
    if length is None:
        raise Refused(f"an answer without Content-Length: {head!r}")
    return int(length[1])


def converse(port: int, plan: Plan, outcome: Outcome) -> None:
    """One connection that sends its plan, one request after the other; what must wait is sent again."""
    try:
        with connected(port) as connection:
            for request in plan:
                start = time.perf_counter()
                patient_exchange(connection, request, outcome)
                outcome.latencies.append(time.perf_counter() - start)
    except (OSError, Refused) as error:
        outcome.error = f"{type(error).__name__}: {error}"


def patient_exchange(connection: socket.socket, request: bytes, outcome: Outcome) -> None:
    """Until it is acknowledged: 503 means later, as exporters take it."""
    for _ in range(RETRIES):
        if exchange(connection, request) != 503:
            return
        outcome.retried += 1
        time.sleep(1)
    raise Refused(f"{RETRIES} times 503")


def work(port: int, plans: Sequence[Plan], start: Barrier, report: Connection) -> None:
    """One process: a thread a connection."""
    gc.disable()
    outcome = Outcome([])
    threads = [threading.Thread(target=converse, args=(port, plan, outcome)) for plan in plans]
    start.wait()
    before = time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outcome.cpu_seconds, outcome.ended_at = time.process_time() - before, time.perf_counter()
    report.send(outcome)


def drive(port: int, plans: Sequence[Plan], tick: Callable[[], None] | None = None) -> tuple[Outcome, float]:
    """All plans at once; what was seen, and the seconds from the start to the last answer. `tick` runs meanwhile."""
    shares = [share for number in range(PROCESSES) if (share := plans[number::PROCESSES])]
    barrier = fork.Barrier(len(shares) + 1)
    pipes = [fork.Pipe(duplex=False) for _ in shares]
    workers = [
        fork.Process(target=work, args=(port, share, barrier, report), daemon=True)
        for share, (_, report) in zip(shares, pipes, strict=True)
    ]
    for worker, (_, report) in zip(workers, pipes, strict=True):
        worker.start()
        report.close()  # or a worker that dies would be waited for
    barrier.wait()
    start = time.perf_counter()
    while tick and len(wait([reader for reader, _ in pipes], TICK_SECONDS)) < len(pipes):
        tick()
    outcomes = [reader.recv() for reader, _ in pipes]
    for worker in workers:
        worker.join()
    return merged(outcomes), max(outcome.ended_at for outcome in outcomes) - start


def merged(outcomes: Sequence[Outcome]) -> Outcome:
    """What all processes saw. Refused with what the server said when one of them failed."""
    if errors := [outcome.error for outcome in outcomes if outcome.error]:
        raise Refused(errors[0])
    return Outcome(
        [latency for outcome in outcomes for latency in outcome.latencies],
        sum(outcome.retried for outcome in outcomes),
        sum(outcome.cpu_seconds for outcome in outcomes),
    )
