"""A process that has no file descriptor left neither ends nor spins, and keeps some for its files from then on."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.server import Server, running

DESCRIPTORS = 56  # fewer than what a process needs itself, and the connections that it has room for at least
CROWD = 150
HALF = b"POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.fixture(scope="module")
def poor(new_installation: Callable[[], Path]) -> Iterator[Server]:
    """A server of one process with few file descriptors."""
    with running(
        new_installation(), descriptors=DESCRIPTORS, LOOPKIT_WORKERS="1", LOOPKIT_THREADS="2"
    ) as server:
        yield server


@contextmanager
def crowd(server: Server) -> Iterator[None]:
    """More connections than the process has descriptors, each with half a request."""
    with ExitStack() as clients:
        for _ in range(CROWD):
            client = clients.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            client.sendall(HALF)
        yield


def worker_seconds(server: Server) -> float:
    """The processor time of the worker so far. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html"""
    (pid,) = re.findall(r"Booting worker with pid: (\d+)", (server.data_dir / "server.log").read_text())
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def statuses(server: Server, name: str) -> set[int]:
    """How requests are answered that need a file each, of which the process holds none open."""
    made = [server.call("POST", "/v1/provision", data={"project_name": f"{name} {n}"}) for n in range(2)]
    sent = [
        server.call("POST", "/v1/traces", one.json()["producer_key"], {"resourceSpans": []})
        for one in made
        if one.status == 201
    ]
    checks = [server.call("GET", path) for path in ("/health", "/readyz") for _ in range(3)]
    return {answer.status for answer in (*made, *sent, *checks)}


def test_without_descriptors_others_are_served_and_nothing_spins(poor: Server) -> None:
    with crowd(poor):
        time.sleep(0.5)
        before = worker_seconds(poor)
        time.sleep(1)
        spent = worker_seconds(poor) - before
        beside = statuses(poor, "beside")

    assert spent < 0.2
    assert beside == {200, 201, 202}
    assert statuses(poor, "afterwards") == {200, 201, 202}  # and no second worker was booted
