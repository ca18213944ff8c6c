"""Every byte of a request that a connection keeps counts until it is let go, whatever part of the request it is of."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from itertools import islice

import pytest
from gunicorn.config import Config

from loopkit.worker import waiting_room
from loopkit.worker.connection import Connection
from loopkit.worker.limits import ClientLimits
from loopkit.worker.reception import Reception
from loopkit.worker.waiting_room import WaitingRoom

START = b"POST / HTTP/1.1\r\n"
LONG = b"".join(b"X-%d: %b\r\n" % (number, b"a" * 8000) for number in range(6))
MANY = b"".join(b"X-%d: a\r\n" % number for number in range(80))
CHUNKED, SIZED = b"Transfer-Encoding: chunked\r\n\r\n", b"Content-Length: 100\r\n\r\n"
REQUESTS = {
    "half a head": START + LONG,
    "a long head without a body": START + LONG + b"\r\n",
    "many headers": START + MANY + SIZED,
    "a long head and a body that never comes": START + LONG + SIZED,
    "a long head and half a body": START + LONG + SIZED + b"x" * 50,
    "a long head and no chunk": START + LONG + CHUNKED,
    "half a chunk": START + CHUNKED + b"fff0\r\n" + b"x" * 60_000,
    "half a chunk's size": START + CHUNKED + b"0" * 30,
    "half a trailer": START + CHUNKED + b"0\r\nX-A: " + b"a" * 8000,
    "trailers": START + CHUNKED + b"0\r\n" + LONG + b"\r\n",
    "the next request": START + b"\r\n" + b"x" * 8000,
    "the next request behind chunks": START + CHUNKED + b"0\r\n\r\n" + b"x" * 8000,
}
FRAMING = 16  # bytes of chunks' sizes and line ends, which are not kept


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    """The data in pieces of this size."""
    return (data[start : start + size] for start in range(0, len(data), size))


@pytest.mark.parametrize("size", [100, 9000, 1_000_000])
@pytest.mark.parametrize("name", REQUESTS)
def test_what_came_is_held_until_it_is_dropped(name: str, size: int) -> None:
    reception = Reception(Config(), ("127.0.0.1", 1), 1, 1_000_000)

    for piece in pieces(REQUESTS[name], size):
        if reception.is_whole:
            reception.surplus += piece
        else:
            reception.receive(piece)
    held = reception.held_bytes
    surplus = len(reception.surplus)
    reception.drop()

    assert held >= len(REQUESTS[name]) - FRAMING
    assert reception.held_bytes == surplus == (8000 if "next" in name else 0)
    reception.drop_all()
    assert reception.held_bytes == 0


def connections(sent: bytes) -> Iterator[tuple[Connection, socket.socket]]:
    """Connections on which that came, and their clients."""
    while True:
        client, accepted = socket.socketpair()
        conn = Connection(Config(), accepted, ("127.0.0.1", 1), ("127.0.0.1", 2), ClientLimits())
        conn.receive(sent)
        yield conn, client


@pytest.mark.parametrize("name", REQUESTS)
def test_the_most_silent_must_go_when_all_hold_too_much(name: str) -> None:
    room, ended = WaitingRoom(400_000), 0
    crowd = list(islice(connections(REQUESTS[name]), 60))

    for conn, _ in crowd:
        room.enter(conn)
        for victim in room.too_much(conn, set()):
            room.leave(victim)
            victim.close()
            ended += 1

    kept = sum(conn.held_bytes() for conn, _ in crowd)
    assert kept <= 400_000
    assert (ended > 0) == (60 * len(REQUESTS[name]) > 200_000 or "many" in name)
    for conn, client in crowd:
        conn.close()
        client.close()


def test_memory_is_given_back_once_after_the_connections_held_much(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[None] = []
    monkeypatch.setattr(waiting_room, "give_back_memory", lambda: given.append(None))
    monkeypatch.setattr(waiting_room, "MUCH_BYTES", 400_000)
    room = WaitingRoom(10_000_000)
    crowd = list(islice(connections(REQUESTS["a long head and half a body"]), 20))

    counts = []
    for conn, _ in crowd:
        room.recount(conn)
        room.tidy(all_are_busy=False)
    counts.append(len(given))
    for conn, client in crowd:
        conn.close()
        client.close()
        room.recount(conn)
        room.tidy(all_are_busy=False)
    counts.append(len(given))
    room.tidy(all_are_busy=False)

    assert counts == [0, 1]
    assert len(given) == 1
