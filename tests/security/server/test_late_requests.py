"""A request that no thread takes in time is told to come again while its client still waits, and is not worked on."""

from __future__ import annotations

import json
import re
import select
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from google.rpc.status_pb2 import Status

from loopkit.http.client_connection import WAIT_SECONDS
from loopkit.log_lines import MOST_LINES
from loopkit.worker.limits import ClientLimits
from loopkit.worker.thread_line import ThreadLine
from tests.gated_server import GatedServer, gated_server

SECONDS, SOON = 0.5, 2.0
EXPORTERS_WAIT = 10
TRACES = b"POST /v1/traces HTTP/1.1\r\nContent-Length: 4\r\nContent-Type: %b\r\n\r\nbody"
GET = b"GET / HTTP/1.1\r\n\r\n"
# Requests, and whether the connection is open after the answer.
REQUESTS = {
    "GET": (GET, True),
    "HEAD": (GET.replace(b"GET", b"HEAD"), True),
    "JSON": (TRACES % b"application/json", True),
    "protobuf": (TRACES % b"application/x-protobuf", True),
    "chunks": (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n", True),
    "Connection: close": (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", False),
    "HTTP/1.0": (b"GET / HTTP/1.0\r\n\r\n", False),
    "HTTP/1.0 that stays": (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", True),
    "broken chunks": (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", False),
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatedServer]:
    """A server for whose only thread requests wait half a second."""
    with gated_server(tmp_path_factory.mktemp("late"), f"thread_seconds={SECONDS}") as server:
        yield server


@pytest.fixture
def gated(shared: GatedServer) -> Iterator[GatedServer]:
    """That server, its thread held by its last call."""
    shared.hold()
    while answer_to(shared.send(GET))[0] != 503:
        pass
    yield shared
    shared.open_gate()
    while answer_to(shared.send(GET))[0] != 200:
        pass


def answer_to(client: socket.socket, method: str = "GET") -> tuple[int, bytes, bytes]:
    """The next answer on the connection: its status, head and body."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += (piece := client.recv(1)) or b"\r\n\r\n"
        assert piece, f"no answer: {received!r}"
    length = re.search(rb"(?i)content-length: (\d+)", received)
    missing = int(length[1]) if length and method != "HEAD" else 0
    body = b""
    while len(body) < missing:
        body += client.recv(missing - len(body))
    return int(received.split(b" ")[1]), received, body


def test_the_wait_leaves_exporters_as_much_time_again_for_the_work() -> None:
    assert ClientLimits().thread_seconds == WAIT_SECONDS == EXPORTERS_WAIT / 2


@pytest.mark.parametrize("name", REQUESTS)
def test_a_late_request_is_told_to_come_again_and_its_connection_goes_on(
    gated: GatedServer, name: str
) -> None:
    sent, is_open = REQUESTS[name]
    method = sent.split()[0].decode()
    client = gated.send(sent)
    began = time.monotonic()

    status, head, body = answer_to(client, method)

    assert status == 503
    assert SECONDS * 0.9 < time.monotonic() - began < SECONDS + SOON
    assert b"\r\nRetry-After: 2\r\n" in head
    assert (b"\r\nConnection: keep-alive\r\n" in head) == is_open
    assert (body != b"") == (method != "HEAD")
    gated.open_gate()
    if is_open:
        client.sendall(GET)
        assert answer_to(client)[0] == 200
    else:
        assert client.recv(1) == b""


def test_who_is_told_so_reads_it_in_the_own_encoding(gated: GatedServer) -> None:
    kinds = ("application/json", "application/x-protobuf", "application/grpc")
    clients = [gated.send(TRACES % kind.encode()) for kind in kinds]
    elsewhere = gated.send(GET.replace(b" / ", b" /v1/packets "))

    as_json, protobuf, grpc = (answer_to(client) for client in clients)

    assert (as_json[0], protobuf[0]) == (503, 503)
    assert b"\r\nAccess-Control-Expose-Headers: Retry-After, " in as_json[1]  # for browsers
    assert json.loads(as_json[2])["code"] == 14
    assert Status.FromString(protobuf[2]).message == json.loads(as_json[2])["message"]
    assert (grpc[0], b"\r\ngrpc-status: 14\r\n" in grpc[1]) == (200, True)
    assert json.loads(answer_to(elsewhere)[2])["error"]["code"] == "overloaded"


def test_requests_behind_a_late_one_on_its_connection_wait_anew(gated: GatedServer) -> None:
    client = gated.send(TRACES % b"application/json" + GET + GET)

    first, second = answer_to(client), answer_to(client)
    gated.open_gate()

    assert (first[0], second[0], answer_to(client)[0]) == (503, 503, 200)


def test_nothing_of_a_late_request_is_worked_on(shared: GatedServer) -> None:
    before = shared.number_of_calls()
    shared.hold()
    late = [answer_to(client)[0] for client in [shared.send(GET) for _ in range(20)]]
    shared.open_gate()

    assert set(late) == {503}
    assert shared.number_of_calls() == before + 2  # that which held the thread, and this one


def test_a_probe_has_its_own_thread_and_is_never_late(gated: GatedServer) -> None:
    probe = GET.replace(b" / ", b" /health ")
    assert answer_to(gated.send(probe))[0] == 200
    slow = gated.send(probe.replace(b"health", b"readyz?wait"))

    behind = gated.send(probe)
    time.sleep(2 * SECONDS)

    assert select.select([slow, behind], [], [], 0)[0] == []
    gated.open_gate()
    assert [answer_to(client)[0] for client in (slow, behind)] == [200, 200]


def test_who_left_is_forgotten_and_a_crowd_is_a_line_of_the_log(gated: GatedServer) -> None:
    before = len(gated.logged().splitlines())
    crowd = [gated.send(b"") for _ in range(40)]
    for client in crowd:  # all at once: connections are accepted one after the other
        client.sendall(GET)
    for client in crowd[:10]:
        client.close()

    assert {answer_to(client)[0] for client in crowd[10:]} == {503}

    lines = gated.logged().splitlines()[before:]
    assert (
        len(lines) <= MOST_LINES
    )  # one, unless the machine is so busy that they are late one after the other
    assert sum(int(re.search(r"Told (\d+) requests", line)[1]) for line in lines) <= 30  # not who left
    assert all("to come again: all threads were busy for 0.5 s" in line for line in lines)


def test_a_server_that_stops_tells_late_requests_to_come_again_elsewhere(tmp_path: Path) -> None:
    with gated_server(tmp_path, f"thread_seconds={SECONDS}") as stopping:
        stopping.hold()
        client = stopping.send(GET)
        time.sleep(SECONDS / 2)  # a connection that is not accepted yet would wait for the next process
        stopping.process.send_signal(signal.SIGTERM)

        status, head, _ = answer_to(client)

    assert (status, b"\r\nConnection: close\r\n" in head) == (503, True)


def test_the_line_gives_up_in_order_and_never_what_a_thread_has() -> None:
    line, gate, begun = ThreadLine(0.2), Event(), Event()

    def work() -> bool:
        begun.set()
        return gate.wait(10)

    with ThreadPoolExecutor(1) as pool:
        answers: list[Future[bool]] = []
        for _ in range(2):
            answers.append(pool.submit(work))
            line.add(answers[-1])
        begun.wait(10)
        before = line.give_up_late()
        time.sleep(0.15)
        answers.append(pool.submit(work))
        line.add(answers[-1])
        time.sleep(0.1)
        late, left = line.give_up_late(), line.seconds_left()
        gate.set()

    assert (before, late) == (0, 1)
    assert [answer.cancelled() for answer in answers] == [False, True, False]
    assert 0 < left < 0.2
    assert line.give_up_late() == 0
    assert line.seconds_left() > 1000
