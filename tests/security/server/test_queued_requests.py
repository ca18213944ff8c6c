"""Requests that are whole and wait for a thread hold bounded memory, and none is answered whose client has gone."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import ROOT
from tests.server import free_port

MOST_BYTES, BODY_BYTES, CROWD = 1_000_000, 60_000, 50
HEAD_BYTES = 1000  # more than the head of each request takes
CONFIG = f"""
from loopkit.worker.limits import ClientLimits
from loopkit.worker.patient_worker import PatientWorker
PatientWorker.limits = ClientLimits(max_body_bytes={MOST_BYTES // 2})
worker_class, workers, threads = PatientWorker, 1, 1
"""
# Its answer is how many requests it has had. /wait holds the only thread until there is a file `gate`.
APPLICATION = """
import pathlib, time
import django
django.setup()
calls = []
def application(environ, start_response):
    calls.append(environ["PATH_INFO"])
    environ["wsgi.input"].read()
    while environ["PATH_INFO"] == "/wait" and not pathlib.Path(__file__).with_name("gate").exists():
        time.sleep(0.01)
    answer = str(len(calls)).encode()
    start_response("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]
"""
Connect = Callable[[str, int], socket.socket]


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Connect]:
    """`connect(path, size)`: a connection to a worker of one thread, on which that was posted; it is whole."""
    (tmp_path / "config.py").write_text(CONFIG)
    (tmp_path / "waiting.py").write_text(APPLICATION)
    port = free_port()
    environment = os.environ | {
        "LOOPKIT_DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": f"{tmp_path}:{ROOT}",
        "DJANGO_SETTINGS_MODULE": "loopkit.settings",
    }  # fmt: skip
    command = [
        "-m",
        "gunicorn",
        "-c",
        "config.py",
        "-b",
        f"127.0.0.1:{port}",
        "--log-level",
        "error",
        "waiting",
    ]
    server = subprocess.Popen([sys.executable, *command], cwd=tmp_path, env=environment)
    with ExitStack() as clients:

        def connected(path: str, size: int = 0) -> socket.socket:
            client = clients.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            client.sendall(
                b"POST %b HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (path.encode(), size) + b"x" * size
            )
            return client

        try:
            wait_for_port(port)
            assert connected("/").recv(65536).endswith(b"1")  # the worker is ready
            yield connected
        finally:
            server.kill()
            server.wait()


def wait_for_port(port: int) -> None:
    """Until a server listens there."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.05)


def answered(clients: list[socket.socket]) -> list[bytes]:
    """The answers that are there."""
    ready, _, _ = select.select(clients, [], [], 0)
    return [client.recv(65536) for client in ready]


def settle() -> None:
    """Let the server receive what was sent, and notice who left."""
    time.sleep(0.4)


def test_whole_requests_are_bounded_and_given_up_when_their_clients_leave(
    connect: Connect, tmp_path: Path
) -> None:
    busy = connect("/wait", 0)
    settle()
    crowd = [connect("/", BODY_BYTES) for _ in range(CROWD)]
    settle()

    refusals = answered(crowd)
    assert all(
        b" 503 " in answer and b"Retry-After" in answer and b"overloaded" in answer for answer in refusals
    )
    assert 0 < (CROWD - len(refusals)) * BODY_BYTES <= MOST_BYTES

    for client in crowd:
        client.close()
    settle()
    stayed = [connect("/", BODY_BYTES) for _ in range(5)]
    settle()
    assert answered(stayed) == []  # there is room again
    (tmp_path / "gate").touch()
    assert busy.recv(65536).endswith(b"\r\n\r\n2")
    assert [client.recv(65536)[-1:] for client in stayed] == [b"3", b"4", b"5", b"6", b"7"]


def test_a_body_that_was_read_counts_no_longer(connect: Connect, tmp_path: Path) -> None:
    busy = connect("/wait", MOST_BYTES // 2)
    settle()
    waiting = [connect("/", MOST_BYTES // 2 - HEAD_BYTES) for _ in range(2)]
    settle()

    assert answered(waiting) == []
    (tmp_path / "gate").touch()
    assert [client.recv(65536)[-1:] for client in (busy, *waiting)] == [b"2", b"3", b"4"]
