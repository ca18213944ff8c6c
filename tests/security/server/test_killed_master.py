"""Workers whose master was killed refuse connections at once, answer what they have, and end."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.server import Server, running


@pytest.fixture
def server(new_installation: Callable[[], Path]) -> Iterator[Server]:
    """A server of this test's own, which does not survive it."""
    with running(new_installation()) as started:
        yield started


def is_refused(server: Server) -> bool:
    """Whether nobody listens on its port."""
    try:
        socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def seconds_until(condition: Callable[[], bool]) -> float:
    """How long it took until the condition held, for 20 seconds at most."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() < begun + 20
        time.sleep(0.02)
    return time.monotonic() - begun


def test_connections_are_refused_while_what_came_before_is_answered(server: Server) -> None:
    log = (server.data_dir / "server.log").read_text()
    [master] = re.findall(r"Listening at: \S+ \((\d+)\)", log)
    workers = re.findall(r"Booting worker with pid: (\d+)", log)
    with server.connection() as connection:
        connection.putrequest("POST", "/v1/provision")
        connection.putheader("Content-Type", "application/json")
        body = b'{"project_name": "orphan"}'
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body[:5])
        time.sleep(0.2)  # the request has begun

        os.kill(int(master), signal.SIGKILL)
        took = seconds_until(lambda: is_refused(server))
        connection.send(body[5:])

        assert took < 2.5
        assert connection.getresponse().status == 201
    seconds_until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
