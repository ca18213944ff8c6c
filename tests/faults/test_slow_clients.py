"""Clients that are slow on purpose keep nobody waiting, and slow honest ones get through beside them."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.crowd import KINDS, slow_crowd
from tests.faults.instance import Instance, resident_mib, serving
from tests.faults.load import Load
from tests.faults.recount import recount
from tests.faults.table import Line

CHECKS = 60  # of /health beside each crowd, each on a connection of its own
SETTLE_SECONDS = 1  # to take in thousands of connections takes a moment
ALLOWED_SECONDS = 1.0
SLOW_BODY_BYTES, SLOW_RATE = 60_000, 1000
MORE_MIB = 400  # that a crowd may cost, in all processes: twice the buffer of one, and the kernel's none


@pytest.fixture(scope="module")
def shared(new_installation: Callable[[], Path]) -> Iterator[Instance]:
    """One instance with default settings for all crowds: that is what they must leave unharmed."""
    with serving(new_installation()) as running:
        yield running


def health_seconds(port: int) -> list[float]:
    """How long each of many checks took, a connection each."""
    seconds = []
    for _ in range(CHECKS):
        start = time.monotonic()
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
            connection.request("GET", "/health")
            assert connection.getresponse().status == 200
        seconds.append(time.monotonic() - start)
        time.sleep(0.02)
    return sorted(seconds)


@pytest.mark.parametrize("count", [64, 500, 2000])
@pytest.mark.parametrize("kind", KINDS)
def test_slow_clients_keep_nobody_waiting(shared: Instance, line: Line, kind: str, count: int) -> None:
    line.fault = f"{count:,} clients: {kind}"
    made = shared.server.provision(f"{kind} {count}")
    before = resident_mib(shared.processes())

    with Load(shared.server.port, made["producer_key"], 2, (50,), kind, pause=0.05) as honest:
        honest.wait_for(4)
        with slow_crowd(shared.server.port, kind, count):
            time.sleep(SETTLE_SECONDS)
            start = time.monotonic()
            seconds = health_seconds(shared.server.port)
            more_mib = resident_mib(shared.processes()) - before
            end = time.monotonic()

    line.add(recount(shared.project_file(made["project_id"]), [honest]), honest)
    p99, ingest = seconds[int(len(seconds) * 0.99)], honest.p99(start, end)
    line.note = f"/health p99 {p99:.3f} s, ingest p99 {ingest:.3f} s, {more_mib:.0f} MiB more"
    line.check()
    assert set(honest.answers) == {"200"}
    assert p99 < ALLOWED_SECONDS
    assert ingest < ALLOWED_SECONDS
    assert more_mib < MORE_MIB


@pytest.mark.parametrize("framing", ["Content-Length", "chunked"])
def test_a_slow_honest_client_gets_through(shared: Instance, line: Line, framing: str) -> None:
    line.fault = (
        f"{SLOW_BODY_BYTES:,} bytes at {SLOW_RATE:,} a second, {framing}, beside 2,000 stalled clients"
    )
    key = shared.server.provision(f"slow {framing}")["producer_key"]
    body = b'{"resourceSpans": []}'.ljust(SLOW_BODY_BYTES)
    pieces = [body[at : at + SLOW_RATE] for at in range(0, len(body), SLOW_RATE)]

    def slowly() -> Iterator[bytes]:
        for piece in pieces:
            yield piece
            time.sleep(1)

    length = {"Content-Length": str(len(body))} if framing == "Content-Length" else {}
    with slow_crowd(shared.server.port, "half a body", 2000):
        answer = shared.server.call(
            "POST", "/v1/traces", key, slowly(), **{"Content-Type": "application/json"}, **length
        )

    line.times = 1
    line.answers[str(answer.status)] += 1
    assert answer.status == 202


def test_the_server_stops_in_time_with_half_sent_requests(
    new_installation: Callable[[], Path], line: Line
) -> None:
    line.fault = "SIGTERM with 500 half-sent requests"
    with (
        serving(new_installation()) as instance,
        slow_crowd(instance.server.port, "half a body", 250),
        slow_crowd(instance.server.port, "half a head", 250),
    ):
        start = time.monotonic()
        instance.terminate()
        line.recoveries.append(time.monotonic() - start)

    line.times = 1
    assert line.recoveries[0] < 22
    assert "SIGKILL" not in instance.log.read_text()
