"""Many writers of one project: below saturation all are served; above it the rest is told to come again, in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from loopkit.worker.refusals import NO_THREAD
from tests.faults.instance import Instance, serving
from tests.faults.load import Load
from tests.faults.recount import recount
from tests.faults.table import Line

EXPORTER_TIMEOUT = (
    10  # seconds; https://opentelemetry.io/docs/specs/otel/protocol/exporter/#configuration-options
)
PEAK_MIB = 400  # of all processes


@pytest.mark.parametrize(
    ("case", "connections", "sizes", "pause", "allowed"),
    [
        ("below saturation", 16, (8, 50), 0.5, {"200"}),
        ("at saturation", 16, (100,), 0, {"200"}),
        ("above saturation", 64, (8, 100, 512), 0, {"200", "503"}),
    ],
)
def test_many_writers_of_one_project_are_served_or_told_to_come_again(
    instance: Instance,
    line: Line,
    case: str,
    connections: int,
    sizes: tuple[int, ...],
    pause: float,
    allowed: set[str],
) -> None:
    line.fault = f"{connections} connections to one project, {case}"
    made = instance.server.provision(case)

    with Load(instance.server.port, made["producer_key"], connections, sizes, case, pause) as load:
        time.sleep(15)
    peak = instance.peak_mib()

    line.add(recount(instance.project_file(made["project_id"]), [load]), load)
    p99 = load.p99(0, time.monotonic())
    told = "".join(f"; {message}" for message in sorted(load.messages))
    line.note = f"p99 {p99:.2f} s, slowest {load.slowest:.2f} s, peak of all processes {peak:.0f} MiB{told}"
    line.check()
    assert set(load.answers) <= allowed
    assert load.slowest < EXPORTER_TIMEOUT
    assert peak < PEAK_MIB


def test_who_finds_no_thread_in_time_is_told_to_come_again(
    new_installation: Callable[[], Path], line: Line
) -> None:
    line.fault = "64 connections to a server of one thread"
    with serving(new_installation(), LOOPKIT_WORKERS="1", LOOPKIT_THREADS="1") as instance:
        made = instance.server.provision("one thread")
        with Load(instance.server.port, made["producer_key"], 64, (2048,), "one thread") as load:
            time.sleep(15)
            checks = [instance.server.call("GET", "/health").status for _ in range(10)]

        line.add(recount(instance.project_file(made["project_id"]), [load]), load)
        line.note = f"slowest {load.slowest:.2f} s"
    line.check()
    assert set(load.answers) == {"200", "503"}
    assert load.messages == {f"{NO_THREAD.message} {NO_THREAD.hint}"}
    assert load.slowest < EXPORTER_TIMEOUT
    assert set(checks) == {200}
