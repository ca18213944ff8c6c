"""Clients that send half a request, or read half an answer, keep nobody waiting, and are let go in time."""

from __future__ import annotations

import json
import re
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from google.rpc.status_pb2 import Status

from tests.server import Server, running

THREADS = 2
SMALL_LIMITS = {
    "LOOPKIT_WORKERS": "1",
    "LOOPKIT_THREADS": str(THREADS),
    "LOOPKIT_HEADER_SECONDS": "1",
    "LOOPKIT_STALL_SECONDS": "1",
    "LOOPKIT_MIN_RATE": "1000",
    "LOOPKIT_CONNECTIONS": "100",
    "LOOPKIT_MAX_BODY_BYTES": "1000000",
}
SOON = 1.0  # seconds
Connect = Callable[..., socket.socket]
GET = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n"
POST = b"POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
LARGE = b"GET /static/admin/js/vendor/jquery/jquery.js HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
HALVES = {
    "nothing": b"",
    "half a head": GET + b"X-A: ",
    "a line end": b"\r\n",
    "half a body without a key": POST + b"Content-Length: 100000\r\n\r\n{",
    "half a body in protobuf": POST.replace(b"json", b"x-protobuf") + b"Content-Length: 100000\r\n\r\n{",
    "half a body for a path without one": GET + b"Content-Length: 100\r\n\r\n",
    "half a chunk": POST + b"Transfer-Encoding: chunked\r\n\r\nff\r\n{",
    "half a chunk's size": POST + b"Transfer-Encoding: chunked\r\n\r\nf",
    "half a trailer": POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-A: b",
    "HTTP/1.0": b"POST /v1/traces HTTP/1.0\r\nContent-Length: 9\r\n\r\n",
    "after 100 Continue": POST + b"Content-Length: 9\r\nExpect: 100-continue\r\n\r\n",
    "a second request": GET + b"\r\n" + GET,
}


@pytest.fixture(scope="module")
def strict(new_installation: Callable[[], Path]) -> Iterator[Server]:
    """A server of one process and two threads that has little patience."""
    with running(new_installation(), **SMALL_LIMITS) as server:
        yield server


@pytest.fixture
def connect() -> Iterator[Connect]:
    """
    `connect(server, sent)`: a connection on which that was sent, and on which little can be received at once.

    It is closed when the test ends.
    """
    with ExitStack() as clients:

        def connected(server: Server, sent: bytes = b"") -> socket.socket:
            client = clients.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(10)
            client.connect(("127.0.0.1", server.port))
            client.sendall(sent)
            return client

        yield connected


def read_to_end(client: socket.socket) -> bytes:
    """All that the server sends until it closes the connection."""
    return b"".join(iter(lambda: client.recv(65536), b""))


def seconds_of_health(server: Server) -> float:
    """How long a check of a new connection takes."""
    start = time.monotonic()
    assert server.call("GET", "/health").status == 200
    return time.monotonic() - start


@pytest.mark.parametrize("half", HALVES)
def test_more_half_requests_than_threads_keep_nobody_waiting(
    strict: Server, connect: Connect, half: str
) -> None:
    for _ in range(4 * THREADS):
        connect(strict, HALVES[half])
    time.sleep(0.1)

    assert seconds_of_health(strict) < SOON


def test_half_a_request_is_answered_408_and_an_idle_connection_is_closed_silently(
    strict: Server, connect: Connect
) -> None:
    said = {half: connect(strict, sent) for half, sent in HALVES.items()}

    ended = {half: read_to_end(client) for half, client in said.items()}

    silent = {half for half, answer in ended.items() if answer == b""}
    assert silent == {"nothing"}
    for half in ended.keys() - silent:
        assert b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n" in ended[half], half
    assert ended["after 100 Continue"].startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 408 ")
    assert ended["a second request"].startswith(b"HTTP/1.1 200 ")


def test_a_408_has_the_shape_that_its_client_reads(strict: Server, connect: Connect) -> None:
    halves = ("half a head", "half a body without a key", "half a body in protobuf")
    said = [connect(strict, HALVES[half]) for half in halves]

    usual, as_json, protobuf = (read_to_end(client).partition(b"\r\n\r\n")[2] for client in said)

    assert json.loads(usual)["error"]["code"] == "request_timeout"
    assert json.loads(as_json)["message"].startswith("The rest of the request did not come in time. Send")
    assert Status.FromString(protobuf).message == json.loads(as_json)["message"]


@pytest.mark.parametrize("framing", ["Content-Length: 100000", "Transfer-Encoding: chunked"])
def test_a_body_that_trickles_is_ended_and_a_slow_honest_one_is_stored(
    strict: Server, connect: Connect, framing: str
) -> None:
    key = strict.provision(f"slow {framing}")["producer_key"]
    is_chunked = "chunked" in framing
    trickling = connect(strict, POST + framing.encode() + b"\r\n\r\n")
    honest = b'{"resourceSpans": []}'.ljust(4000)

    def slowly() -> Iterator[bytes]:
        for at in range(0, len(honest), 400):
            yield honest[at : at + 400]
            with suppress(OSError):  # it is ended meanwhile
                trickling.sendall(b"1\r\n \r\n" if is_chunked else b" ")
            time.sleep(0.2)

    length = {} if is_chunked else {"Content-Length": str(len(honest))}
    kind = {"Content-Type": "application/json"}
    answer = strict.call("POST", "/v1/traces", key, slowly(), **kind, **length)

    assert answer.status == 202
    assert trickling.recv(20).startswith(b"HTTP/1.1 408 ")


def test_answers_that_nobody_reads_take_no_thread_and_end(strict: Server, connect: Connect) -> None:
    stalled = [connect(strict, LARGE * 40) for _ in range(4 * THREADS)]  # more than the kernel takes
    for client in stalled:
        assert client.recv(1) == b"H"

    assert seconds_of_health(strict) < SOON

    time.sleep(3)
    for client in stalled:
        with pytest.raises(ConnectionResetError):
            read_to_end(client)


def test_an_answer_that_is_read_slowly_arrives_whole(strict: Server, connect: Connect) -> None:
    client = connect(strict, LARGE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))

    received = b""
    while piece := client.recv(8192):
        received += piece
        time.sleep(0.03)

    head, _, body = received.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head


def test_a_client_that_does_not_close_keeps_nobody_waiting(strict: Server, connect: Connect) -> None:
    crowd = [connect(strict, GET + b"Connection: close\r\n\r\n") for _ in range(20)]
    for client in crowd:
        assert read_to_end(client).startswith(b"HTTP/1.1 200 ")

    seconds = [seconds_of_health(strict) for _ in range(3)]

    assert max(seconds) < SOON


@pytest.mark.parametrize("expectation", [b"", b"Expect: 100-continue\r\n"])
def test_a_body_that_is_declared_too_large_is_refused_before_it_is_sent(
    strict: Server, connect: Connect, expectation: bytes
) -> None:
    key = strict.provision(f"large {len(expectation)}")["producer_key"].encode()

    client = connect(
        strict,
        POST + b"Authorization: Bearer " + key + b"\r\n" + expectation + b"Content-Length: 1000001\r\n\r\n",
    )

    assert read_to_end(client).startswith(b"HTTP/1.1 413 ")


def test_a_too_large_body_elsewhere_is_a_413_too(strict: Server, connect: Connect) -> None:
    head = POST.replace(b"/v1/traces", b"/v1/signup")

    answer = read_to_end(connect(strict, head + b"Content-Length: 1000001\r\n\r\n"))

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"body_too_large"' in answer


def test_above_the_number_of_connections_the_most_silent_one_goes(strict: Server, connect: Connect) -> None:
    crowd = [connect(strict, GET) for _ in range(150)]

    assert seconds_of_health(strict) < SOON
    ended = [is_closed(client) for client in crowd]
    assert sum(ended[:40]) == 40
    assert not any(ended[-40:])


def is_closed(client: socket.socket) -> bool:
    """Whether the server has closed the connection."""
    client.settimeout(0.01)
    try:
        return client.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_half_sent_bodies_hold_a_bounded_memory_and_leave_room_for_others(
    strict: Server, connect: Connect
) -> None:
    key = strict.provision("others")["producer_key"]
    head = POST + b"Content-Length: 900000\r\n\r\n"
    stalled = [connect(strict, head + b" " * 800_000) for _ in range(6)]

    whole = strict.call(
        "POST", "/v1/traces", key, b"{}".ljust(900_000), **{"Content-Type": "application/json"}
    )

    assert whole.status == 202
    answers = [read_to_end(client) for client in stalled]
    refused = [answer for answer in answers if answer.startswith(b"HTTP/1.1 503 ")]
    assert len(refused) >= 3
    assert all(b"\r\nRetry-After: 2\r\n" in answer for answer in refused)


@pytest.mark.parametrize(
    "small",
    [
        POST + b"Content-Length: 100000\r\n\r\n" + b" " * 60_000,
        POST + b"Transfer-Encoding: chunked\r\n\r\nfe00\r\n" + b" " * 60_000,
        GET + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 4000) for n in range(15)),
    ],
    ids=["bodies", "chunks", "heads"],
)
def test_many_small_halves_leave_room_for_a_large_body(
    strict: Server, connect: Connect, small: bytes
) -> None:
    key = strict.provision(f"beside small {len(small)}")["producer_key"]
    for _ in range(60):
        with suppress(ConnectionError):
            connect(strict, small)

    whole = strict.call(
        "POST", "/v1/traces", key, b"{}".ljust(900_000), **{"Content-Type": "application/json"}
    )

    assert whole.status == 202


def test_a_connection_stays_open_after_a_refusal_and_answers_come_in_order(
    strict: Server, connect: Connect
) -> None:
    body = b"[]" * 50_000
    refused = POST + b"Content-Length: %d\r\n\r\n" % len(body) + body
    head = GET.replace(b"GET", b"HEAD") + b"\r\n"
    last = GET + b"Connection: close\r\n\r\n"

    answers = read_to_end(connect(strict, refused + GET + b"\r\n" + head + refused + last))

    assert re.findall(rb"HTTP/1\.1 (\d+)", answers) == [b"401", b"200", b"200", b"401", b"200"]


@pytest.mark.parametrize(
    "smuggled",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
        b"Content-Length: +4\r\n\r\nabcd",
        b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n0x1\r\n{\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n1;a=\rb\r\n{\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n1\n{\n0\n\n" + b"\r\n" * 2,
        b"Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 9\r\n\r\n",
        b"X-A: b\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_no_second_request_hides_behind_a_first(strict: Server, connect: Connect, smuggled: bytes) -> None:
    key = strict.provision(f"hides {len(smuggled)} {smuggled[:30]!r} {smuggled[-9:]!r}")[
        "producer_key"
    ].encode()
    hidden = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

    answer = read_to_end(
        connect(strict, POST + b"Authorization: Bearer " + key + b"\r\n" + smuggled + hidden)
    )

    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 "))
    assert answer.count(b"HTTP/1.1 ") == 1


def test_thousands_of_tiny_chunks_are_refused(strict: Server, connect: Connect) -> None:
    head = POST + b"Transfer-Encoding: chunked\r\n\r\n"

    answer = read_to_end(connect(strict, head + b"1\r\n \r\n" * 20_000 + b"0\r\n\r\n"))

    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 401 "))
    assert b"Connection: close" in answer


LEFT_BEHIND = [
    POST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    POST + b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n",
    GET + b"Expect: 100-continue\r\n\r\n",
    GET + b"\r\n" + POST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    POST + b"Content-Length: 2000000\r\n\r\n",
    LARGE,
    b"no request\r\n\r\n",
]


@pytest.mark.parametrize("left_behind", LEFT_BEHIND)
@pytest.mark.parametrize("farewell", ["closed", "reset"])
def test_a_client_that_leaves_ends_no_process(strict: Server, left_behind: bytes, farewell: str) -> None:
    for _ in range(30):
        with socket.create_connection(("127.0.0.1", strict.port)) as client:
            if farewell == "reset":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(GET + b"\r\n" + left_behind)

    assert seconds_of_health(strict) < SOON
    assert "Exception in worker process" not in (strict.data_dir / "server.log").read_text()


def test_no_header_moves_a_path(strict: Server) -> None:
    assert strict.call("GET", "/health", SCRIPT_NAME="/x").status == 200
    assert strict.call("GET", "/x/health", SCRIPT_NAME="/x").status == 404
    assert strict.call("GET", "/x/health", PATH_INFO="/health").status == 404
