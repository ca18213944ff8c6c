"""What was acknowledged survives the end of processes, at any moment, and is counted once."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable

import pytest

from tests.faults.instance import Instance
from tests.faults.load import Load
from tests.faults.recount import recount
from tests.faults.table import Line

TIMES = 20
CONNECTIONS = 6


def kill_workers(instance: Instance) -> float:
    """Every worker at once; the arbiter starts new ones."""
    for worker in instance.workers():
        os.kill(worker, signal.SIGKILL)
    return time.monotonic()


def kill_one_worker(instance: Instance) -> float:
    """One worker; the other goes on."""
    os.kill(instance.workers()[0], signal.SIGKILL)
    return time.monotonic()


def kill_server(instance: Instance) -> float:
    """All processes, and a new start."""
    instance.kill()
    ended = time.monotonic()
    instance.start()
    return ended


def terminate_server(instance: Instance) -> float:
    """A stop that lets requests finish, and a new start."""
    instance.terminate()
    ended = time.monotonic()
    instance.start()
    return ended


@pytest.mark.parametrize(
    ("fault", "end"),
    [
        ("SIGKILL of all workers", kill_workers),
        ("SIGKILL of one worker", kill_one_worker),
        ("SIGKILL of the whole server", kill_server),
        ("SIGTERM of the server", terminate_server),
    ],
)
def test_what_was_acknowledged_survives(
    instance: Instance, line: Line, fault: str, end: Callable[[Instance], float]
) -> None:
    line.fault = fault
    chance, known = random.Random(fault), 0
    for number in range(TIMES):
        made = instance.server.provision(f"{fault} {number}")
        load = Load(instance.server.port, made["producer_key"], CONNECTIONS, seed=f"{fault} {number}")

        with load:
            load.wait_for(1)
            time.sleep(chance.uniform(0, 0.8))
            line.recoveries.append(load.recovery_after(end(instance)))

        line.add(recount(instance.project_file(made["project_id"]), [load]), load)
        known += load.known

    line.note = f"{known} requests were stored and cut before their answer; sent again, they were duplicates"
    line.check()
