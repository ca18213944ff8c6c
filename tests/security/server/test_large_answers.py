"""A long answer holds a thread for a bounded time, however slowly it is read; honest slow readers get theirs."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from types import SimpleNamespace
from typing import Any

import pytest

from loopkit.worker import answer_socket
from loopkit.worker.answer_socket import AnswerSocket
from loopkit.worker.connection import Connection
from loopkit.worker.limits import ClientLimits

LIMITS = ClientLimits(stall_seconds=0.5, least_rate=20_000)
AHEAD, ITEM = 100_000, b"x" * 50_000
LONG = 10  # items: much more than the kernel and the server hold


@pytest.fixture(autouse=True)
def little_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for clients from a few hundred kilobytes on."""
    monkeypatch.setattr(answer_socket, "MOST_BYTES_AHEAD", AHEAD)


@pytest.fixture
def pairs() -> Iterator[Any]:
    """`pairs()`: a client and the server's side of its connection; little fits between them."""
    with ExitStack() as opened, socket.create_server(("127.0.0.1", 0)) as listener:

        def pair() -> tuple[socket.socket, socket.socket]:
            client = opened.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(listener.getsockname())
            accepted, _ = listener.accept()
            return client, accepted

        yield pair


def reading(client: socket.socket, size: int, pause: float) -> threading.Thread:
    """A thread that reads so much each time, until the end."""

    def read() -> None:
        with suppress(OSError):
            while client.recv(size):
                time.sleep(pause)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def seconds_to_produce(answer: AnswerSocket, items: int) -> float:
    """How long a thread took to hand over an answer of so many parts. Raises what it raises."""
    began = time.monotonic()
    for _ in range(items):
        answer.sendall(ITEM)
    return time.monotonic() - began


@pytest.mark.parametrize(("size", "pause"), [(1, 0.3), (1000, 0.2)])
def test_a_long_answer_that_is_read_too_slowly_lets_its_thread_go(
    pairs: Any, size: int, pause: float
) -> None:
    client, accepted = pairs()
    answer = AnswerSocket(accepted, LIMITS)
    reading(client, size, pause)
    began = time.monotonic()

    with pytest.raises(BrokenPipeError, match="too slowly"):
        seconds_to_produce(answer, LONG)

    assert time.monotonic() - began < 3 * LIMITS.stall_seconds
    answer.end()


def test_a_long_answer_that_is_read_at_the_least_rate_arrives(pairs: Any) -> None:
    client, accepted = pairs()
    answer = AnswerSocket(accepted, LIMITS)
    reading(client, 100_000, 0.02)

    assert seconds_to_produce(answer, LONG) > 0
    answer.end()


def test_one_thread_of_a_process_waits_at_a_time(pairs: Any) -> None:
    _, accepted = pairs()
    answer = AnswerSocket(accepted, LIMITS)

    with answer_socket.waiting_threads, pytest.raises(BrokenPipeError, match="another thread"):
        seconds_to_produce(answer, LONG)

    answer.end()


def test_what_is_there_already_waits_without_a_thread(pairs: Any) -> None:
    _, accepted = pairs()
    answer = AnswerSocket(accepted, LIMITS)

    began = time.monotonic()
    answer.sendall(ITEM * LONG)

    assert time.monotonic() - began < 0.2
    answer.end()


def test_what_the_kernel_took_ahead_is_no_stall(pairs: Any) -> None:
    """The kernel takes more in lumps: a client that reads steadily takes something all the time."""
    client, accepted = pairs()
    accepted.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_000_000)
    cfg = SimpleNamespace(is_ssl=False)
    conn = Connection(cfg, accepted, ("127.0.0.1", 1), ("127.0.0.1", 2), LIMITS)
    conn.sock.sendall(ITEM * 200)
    conn.begin_answer()
    reading(client, 4000, 0.05)

    ended = []
    for _ in range(6):
        time.sleep(LIMITS.stall_seconds / 2)
        ended.append(conn.is_over(time.monotonic()))

    assert not any(ended)
    conn.close()


def test_the_kernel_holds_little_of_what_a_client_does_not_read(pairs: Any) -> None:
    _, accepted = pairs()
    answer = AnswerSocket(accepted, LIMITS)
    answer.pending += bytes(16 * 1024 * 1024)

    taken = answer.flush()

    assert 0 < taken < 4 * answer_socket.KERNEL_BYTES
    answer.end()
