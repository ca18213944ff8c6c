"""Whether a client is still there does not depend on what it sent before it left, nor on who reads it."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from gunicorn.config import Config

from loopkit.http.client_connection import has_left
from loopkit.worker.connection import Connection
from loopkit.worker.limits import ClientLimits
from loopkit.worker.waiting_room import WaitingRoom

Pair = Callable[[], tuple[socket.socket, socket.socket]]
SENT = [b"", b"x", b"\r\n", b"GET / HTTP/1.1\r\n\r\n", b"x" * 30_000]
REQUEST = b"POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000


def close(client: socket.socket) -> None:
    """Close the connection."""
    client.close()


def shut_down(client: socket.socket) -> None:
    """Close the sending half."""
    client.shutdown(socket.SHUT_WR)


def reset(client: socket.socket) -> None:
    """End the connection by a reset."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


@pytest.fixture
def pair() -> Iterator[Pair]:
    """`pair()`: both ends of a connection over TCP, the client's first."""
    with ExitStack() as ends:
        listener = ends.enter_context(socket.create_server(("127.0.0.1", 0)))

        def connected() -> tuple[socket.socket, socket.socket]:
            client = ends.enter_context(socket.create_connection(listener.getsockname()))
            return client, ends.enter_context(listener.accept()[0])

        yield connected


@pytest.mark.parametrize("sent", SENT)
@pytest.mark.parametrize("leave", [close, shut_down, reset])
def test_a_client_that_left_is_noticed_behind_what_it_sent(
    pair: Pair, sent: bytes, leave: Callable[[socket.socket], None]
) -> None:
    client, server = pair()
    client.sendall(sent)
    before = has_left(server)
    leave(client)

    assert not before
    assert has_left(server)
    if leave is not reset:
        assert server.recv(65536)[:1] == sent[:1]  # it is there for the server


def test_a_socket_that_is_closed_here_has_nobody_at_its_other_end(pair: Pair) -> None:
    _, server = pair()
    server.close()

    assert has_left(server)


@pytest.mark.parametrize("sent", SENT)
def test_a_waiting_request_is_given_up_however_late_its_client_leaves(pair: Pair, sent: bytes) -> None:
    client, accepted = pair()
    room = WaitingRoom(10_000)
    conn = Connection(Config(), accepted, ("127.0.0.1", 1), ("127.0.0.1", 2), ClientLimits())
    conn.receive(REQUEST)
    room.leave(conn)
    client.sendall(sent)
    room.hear_more(conn, all_are_busy=True)
    held = conn.counted_bytes

    room.tidy(all_are_busy=True)
    stayed = conn.counted_bytes
    client.close()
    room.tidy(all_are_busy=False)  # a thread may take it
    left = conn.counted_bytes
    room.tidy(all_are_busy=True)

    assert held == stayed == left > 1000
    assert conn.counted_bytes == 0
    assert not conn.claim()  # no thread answers it
    conn.close()
