"""Requests that are whole and wait for a thread hold bounded memory, and none is answered whose client has gone."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gated_server import GatedServer, gated_server

MOST_BYTES, BODY_BYTES, CROWD = 1_000_000, 60_000, 50
HEAD_BYTES = 1000  # more than the head of each request takes


@pytest.fixture
def gated(tmp_path: Path) -> Iterator[GatedServer]:
    """A server that holds so many bytes for its clients."""
    with gated_server(tmp_path, f"max_body_bytes={MOST_BYTES // 2}") as server:
        yield server


def answered(clients: list[socket.socket]) -> list[bytes]:
    """The answers that are there."""
    ready, _, _ = select.select(clients, [], [], 0)
    return [client.recv(65536) for client in ready]


def settle() -> None:
    """Let the server receive what was sent, and notice who left."""
    time.sleep(0.4)


def test_whole_requests_are_bounded_and_given_up_when_their_clients_leave(gated: GatedServer) -> None:
    busy = gated.post("/?wait")
    settle()
    crowd = [gated.post("/", BODY_BYTES) for _ in range(CROWD)]
    settle()

    refusals = answered(crowd)
    assert all(
        b" 503 " in answer and b"Retry-After" in answer and b"overloaded" in answer for answer in refusals
    )
    assert 0 < (CROWD - len(refusals)) * BODY_BYTES <= MOST_BYTES

    for client in crowd:
        client.close()
    settle()
    stayed = [gated.post("/", BODY_BYTES) for _ in range(5)]
    settle()
    assert answered(stayed) == []  # there is room again
    gated.open_gate()
    assert busy.recv(65536).endswith(b"\r\n\r\n2")
    assert [client.recv(65536)[-1:] for client in stayed] == [b"3", b"4", b"5", b"6", b"7"]


def test_a_body_that_was_read_counts_no_longer(gated: GatedServer) -> None:
    busy = gated.post("/?wait", MOST_BYTES // 2)
    settle()
    waiting = [gated.post("/", MOST_BYTES // 2 - HEAD_BYTES) for _ in range(2)]
    settle()

    assert answered(waiting) == []
    gated.open_gate()
    assert [client.recv(65536)[-1:] for client in (busy, *waiting)] == [b"2", b"3", b"4"]


def test_an_application_learns_how_long_its_request_waited(gated: GatedServer) -> None:
    gated.hold()
    waiting = gated.post("/")
    settle()
    gated.open_gate()

    answer = waiting.recv(65536)

    assert float(answer.split(b"X-Waited: ")[1].split(b"\r\n")[0]) > 0.3
