"""Bodies in very many tiny chunks are decoded in turns, so that they keep nobody waiting, and end soon."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator
from itertools import pairwise, repeat
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import NoMoreData, ParseException
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader
from gunicorn.workers import base

from loopkit.server_log import BoundedServerLog
from loopkit.worker.body_decoders import CHUNKS_A_TURN, SPARE_CHUNKS
from loopkit.worker.connection import Connection
from loopkit.worker.decoding_turns import TURNS_AT_ONCE
from loopkit.worker.limits import ClientLimits
from loopkit.worker.patient_worker import PatientWorker
from loopkit.worker.reception import Reception
from tests.server import Server
from tests.thorough import thorough

HEAD = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
HEALTH = b"GET /health HTTP/1.1\r\n\r\n"
MANY = 4000
TINY = {
    "chunks of a byte": b"1\r\na\r\n",
    "with leading zeros": b"00000001\r\na\r\n",
    "with an extension": b"1;a=b\r\na\r\n",
    "with a space": b"1 ;a\r\na\r\n",
}
NEXT = b"GET / HTTP"


def chunked(pieces: Iterator[bytes] | list[bytes]) -> bytes:
    """The whole body, one chunk for each piece."""
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def received(sent: bytes, size: int = 250_000) -> tuple[Reception, int]:
    """The request of which that came in pieces of this size, and how many turns it had."""
    request, turns = Reception(Config(), ("127.0.0.1", 1), 1, 64_000_000), 0
    for start in range(0, len(sent), size):
        request.receive(sent[start : start + size])
        turns += 1
        while request.is_behind and not request.is_ready:
            request.receive(b"")
            turns += 1
        if request.is_ready:
            break
    return request, turns


@pytest.mark.parametrize("name", TINY)
def test_a_turn_decodes_a_few_chunks_and_a_body_of_tiny_ones_ends_soon(name: str) -> None:
    request = Reception(Config(), ("127.0.0.1", 1), 1, 1_000_000)

    sizes = [0]
    request.receive(HEAD + TINY[name] * MANY)
    while not request.is_ready:
        sizes.append(request.body.size)
        request.receive(b"")

    assert max(later - size for size, later in pairwise(sizes)) <= CHUNKS_A_TURN
    assert isinstance(request.body.failure, ParseException)
    assert request.body.size < SPARE_CHUNKS + SPARE_CHUNKS // 8
    assert not request.is_behind


HONEST = {
    "a program that writes words": [b'{"a":', b" ", b"[", b"1", b"]", b"}"] * 150,
    "a program that writes lines": list(repeat(b'{"name": "chat"},\n', 20_000)),
    "curl from a pipe": list(repeat(b"x" * 16_372, 60)),
    "Go": list(repeat(b"x" * 32_768, 30)),
    "Node": list(repeat(b"x" * 65_536, 15)),
    "one chunk": [b"x" * 1_000_000],
}


@pytest.mark.parametrize("name", HONEST)
@pytest.mark.parametrize("size", [1400, 65_536, 250_000])
def test_honest_bodies_arrive_whole(name: str, size: int) -> None:
    request, _ = received(HEAD + chunked(HONEST[name]) + NEXT, size)

    assert request.is_whole
    assert request.finished_request().body.read() == b"".join(HONEST[name])
    assert NEXT.startswith(request.surplus)


def test_a_program_that_writes_words_is_stored(server: Server) -> None:
    key = server.provision("words")["producer_key"]

    answer = server.call(
        "POST", "/v1/traces", key, iter([b'{"resourceSpans": [', *[b" "] * 800, b"]}"]),
        **{"Content-Type": "application/json"},
    )  # fmt: skip

    assert answer.status == 202


LINES = [
    b"3\r\nabc\r\n", b"1\r\na\r\n", b"0a\r\n0123456789\r\n", b"3;a=b\r\nabc\r\n", b'2;a="\\r"\r\nab\r\n', b"0\r\n\r\n",
    b"0\r\na: b\r\n\r\n", b"000000000003\r\nabc\r\n", b"00;x\r\n\r\n", b"+1\r\na\r\n", b"3\r\nabcd\r\n", b"\r\n",
    b"3 \r\nabc\r\n", b"3\nabc\n", b"0x1\r\na\r\n", b"1_0\r\n", b"0\r\nHost: a\r\n\r\n", b"ffffffffff\r\na",
]  # fmt: skip


@pytest.mark.parametrize("seed", [*range(12), *thorough(*range(12, 40))])
def test_chunks_are_read_as_gunicorn_reads_them(seed: int) -> None:
    pick = random.Random(seed)
    for _ in range(30):
        good = pick.randint(0, 4)
        sent = b"".join(pick.choices(LINES[:5], k=good) + pick.choices(LINES, k=pick.randint(1, 3)))
        expected = read_by_gunicorn(sent)

        for size in (1, 5, 1000):
            request, _ = received(HEAD + sent, size)
            if not request.is_ready:
                request.end()
            failure = type(request.body.failure)
            assert (body_of(request), failure) == expected, sent


def body_of(request: Reception) -> bytes:
    """What of the body came before it ended or failed."""
    request.body.failure = None
    return request.body.read() or b""


def read_by_gunicorn(sent: bytes) -> tuple[bytes, type]:
    """The body as gunicorn's own loop reads it, and the type of the error that ended it."""
    request = Request(Config(), IterUnreader([HEAD]), ("127.0.0.1", 1))
    reader, body = ChunkedReader(request, IterUnreader([sent])), b""
    try:
        for piece in reader.parser:
            body += piece
    except (ParseException, NoMoreData) as error:
        return body, type(error)
    return body, type(None)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A worker whose poller the test turns; `started` has the connections whose requests threads would answer."""
    monkeypatch.setattr(base.Worker, "init_process", lambda self: None)
    worker: Any = PatientWorker(1, os.getppid(), [], None, 30, Config(), BoundedServerLog(Config()))
    worker.limits, worker.started = ClientLimits(), []
    worker.enqueue_req = worker.started.append
    worker.init_process()
    yield worker
    for conn in {*worker.room, *worker.started}:
        worker.drop(conn)
    for pool in (worker.tpool, worker.probes):
        pool.shutdown()
    worker.poller.close()
    worker.method_queue.close()
    worker.tmp.close()


@pytest.fixture
def clients() -> Iterator[list[socket.socket]]:
    """Sockets that are closed when the test ends."""
    opened: list[socket.socket] = []
    yield opened
    for client in opened:
        client.close()


def connect(worker: Any, clients: list[socket.socket], sent: bytes) -> Connection:
    """A connection of the worker on which that was sent."""
    client, accepted = socket.socketpair()
    clients.append(client)
    before = set(worker.room)
    worker.admit(accepted, ("127.0.0.1", 1), ("127.0.0.1", 2))
    client.sendall(sent)
    [conn] = set(worker.room) - before
    return conn


def turn(worker: Any) -> None:
    """What the poller does before it looks for other events again."""
    worker.wait_for_and_dispatch_events(0)


@pytest.mark.parametrize("name", TINY)
def test_the_poller_answers_others_between_the_turns(
    worker: Any, clients: list[socket.socket], name: str
) -> None:
    crowd = [connect(worker, clients, HEAD + TINY[name] * 500) for _ in range(100)]
    turn(worker)

    for _ in range(8):
        sizes = [conn.reception.body.size for conn in crowd]
        probe = connect(worker, clients, HEALTH)
        honest = connect(worker, clients, HEAD + chunked([b"x" * 4000] * 10))
        turn(worker)

        assert {probe, honest} <= set(worker.started)
        decoded = [conn.reception.body.size - size for conn, size in zip(crowd, sizes, strict=True)]
        assert max(decoded) <= CHUNKS_A_TURN
        assert sum(decoded) <= TURNS_AT_ONCE * CHUNKS_A_TURN


def test_all_have_equal_turns_until_each_is_whole_or_refused(
    worker: Any, clients: list[socket.socket]
) -> None:
    crowd = [connect(worker, clients, HEAD + TINY["chunks of a byte"] * MANY) for _ in range(50)]
    crowd += [connect(worker, clients, HEAD + chunked([b"a"] * 900)) for _ in range(50)]

    for _ in range(100 * SPARE_CHUNKS // CHUNKS_A_TURN // TURNS_AT_ONCE + 10):
        sizes = [conn.reception.body.size for conn in crowd if conn not in worker.started]
        assert max(sizes, default=0) - min(sizes, default=0) <= CHUNKS_A_TURN
        turn(worker)

    assert set(worker.started) == set(crowd)
    assert [conn.reception.is_whole for conn in crowd] == [False] * 50 + [True] * 50


def test_who_waits_for_a_turn_is_not_taken_for_one_that_sends(
    worker: Any, clients: list[socket.socket]
) -> None:
    behind = connect(worker, clients, HEAD + TINY["chunks of a byte"] * 500)
    turn(worker)
    later = connect(worker, clients, HEAD + b"1\r\n")
    turn(worker)
    turn(worker)

    assert behind.reception.is_behind
    assert list(worker.room) == [behind, later]


def test_a_connection_that_ended_gets_no_turn(worker: Any, clients: list[socket.socket]) -> None:
    gone = connect(worker, clients, HEAD + TINY["chunks of a byte"] * 900)
    turn(worker)
    worker.drop(gone)

    for _ in range(5):
        turn(worker)

    assert not worker.turns
    assert worker.started == []
