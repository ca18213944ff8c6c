"""However many diagnoses an agent asks for at once, others are answered; one that nobody waits for any more ends."""

from __future__ import annotations

import fcntl
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from diagnosis.models import Packet
from telemetry.store.sql import fetch
from tenants.keys.provisioning import MintedProject
from tenants.limits import heavy_runs, machine_locks
from tenants.stores.binding import bind
from tests.diagnosis.dashboard_client import browser_of
from tests.server import Answer, Server, running
from tests.telemetry.factory import minutes, span, store

MANY = 12
PATHS = [
    ("POST", "/v1/runs/diagnose"),
    ("POST", "/v1/runs/verify"),
    ("GET", "/v1/loops/loop_0000000000000000/handoff"),
    ("GET", "/v1/dashboard"),
    ("GET", "/v1/evidence?cluster_id=clu_0000000000000000"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker with few threads."""
    folder = tmp_path_factory.mktemp("bounded") / "data"
    with running(folder, LOOPKIT_WORKERS="1", LOOPKIT_THREADS="4") as server:
        yield server


@contextmanager
def another_process_at_work(data_dir: Path, project_id: str) -> Iterator[None]:
    """What a diagnosis of this project in another process looks like from here, for as long as the block runs."""
    (data_dir / "locks").mkdir(exist_ok=True)
    number = zlib.crc32(project_id.encode()) % machine_locks.LOCK_FILES
    with (data_dir / "locks" / f"heavy-{number:02}").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def ask(server: Server, key: str, method: str = "POST", path: str = "/v1/runs/diagnose") -> Answer:
    """One request as an agent sends it."""
    data: dict[str, Any] | None = {} if method == "POST" else None
    if "verify" in path:
        data = {"loop_id": "loop_0000000000000000"}
    return server.call(method, path, key, data)


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_requests_without_a_place_are_refused_soon_and_others_are_answered(
    server: Server, method: str, path: str
) -> None:
    project, other = server.provision(f"many {path}"[:60]), server.provision(f"other {path}"[:60])
    with ThreadPoolExecutor(MANY) as pool, another_process_at_work(server.data_dir, project["project_id"]):
        asked = [pool.submit(ask, server, project["agent_key"], method, path) for _ in range(MANY)]
        time.sleep(0.3)
        begun = time.monotonic()
        health = server.call("GET", "/health")
        sent = server.call("POST", "/v1/traces", other["producer_key"], {"resourceSpans": []})
        waited = time.monotonic() - begun
        time.sleep(3)
        refused = [one.result() for one in asked if one.done()]

    assert len(refused) >= MANY - 3
    assert {answer.status for answer in refused} == {503}
    assert {answer.json()["error"]["code"] for answer in refused} == {"busy"}
    assert all(1 <= int(answer.headers["retry-after"]) <= 30 for answer in refused)
    assert (health.status, sent.status) == (200, 202)
    assert waited < 2
    assert {one.result().status for one in asked if one.result() not in refused} <= {200, 404, 409, 503}


def test_probes_have_a_thread_of_their_own(new_installation: Callable[[], Path]) -> None:
    with running(new_installation(), LOOPKIT_WORKERS="1", LOOPKIT_THREADS="1") as server:
        project = server.provision("only thread")
        with (
            ThreadPoolExecutor(MANY) as pool,
            another_process_at_work(server.data_dir, project["project_id"]),
        ):
            pool.submit(ask, server, project["agent_key"])
            time.sleep(0.3)
            begun = time.monotonic()
            probes = [server.call("GET", path).status for path in ("/health", "/livez", "/readyz")]
            waited = time.monotonic() - begun

    assert probes == [200] * 3
    assert waited < 2


def test_who_asks_again_at_once_is_answered_once_a_second(server: Server) -> None:
    project = server.provision("impatient")
    key = project["agent_key"]
    with ThreadPoolExecutor(2) as pool, another_process_at_work(server.data_dir, project["project_id"]):
        for _ in range(2):
            pool.submit(ask, server, key)
        time.sleep(0.3)
        begun = time.monotonic()

        refused = [ask(server, key).status for _ in range(3)]

        assert refused == [503] * 3
        assert time.monotonic() - begun > 2.5


def test_another_project_has_a_place_of_its_own(server: Server) -> None:
    project, other = server.provision("first in line"), server.provision("second in line")
    with ThreadPoolExecutor(MANY) as pool, another_process_at_work(server.data_dir, project["project_id"]):
        for _ in range(MANY):
            pool.submit(ask, server, project["agent_key"])
        time.sleep(0.3)

        answer = ask(server, other["agent_key"])

    assert answer.status == 200


def test_a_request_whose_client_left_gives_its_place_to_another(server: Server) -> None:
    project = server.provision("left the line")
    key = project["agent_key"]
    head = f"POST /v1/runs/diagnose HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
    request = (head + "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}").encode()
    with another_process_at_work(server.data_dir, project["project_id"]):
        waiting = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(3)]
        for connection in waiting:
            connection.sendall(request)
        time.sleep(0.3)
        before = ask(server, key)
        for connection in waiting:
            connection.close()
        time.sleep(1)
        with closing(socket.create_connection(("127.0.0.1", server.port))) as late:
            late.settimeout(0.5)
            late.sendall(request)
            with pytest.raises(TimeoutError):  # it waits for its turn, and is not refused
                late.recv(1)

    assert before.status == 503


def test_a_diagnosis_whose_client_left_ends_and_stores_nothing(alice: MintedProject) -> None:
    now = timezone.now()
    store(alice.project, [span("pay", at=now - minutes(5), error="no answer")], now)
    ours, theirs = socket.socketpair()
    theirs.close()

    with closing(ours):
        answer = diagnose_over(alice, ours)

    assert answer.status_code == 503
    assert not Packet.objects.exists()


@pytest.mark.parametrize("sent_ahead", [b"", b"GET /health HTTP/1.1\r\n"])
@pytest.mark.parametrize("timeout", [None, 0.0, 30.0])
def test_a_client_that_waits_is_answered(
    alice: MintedProject, sent_ahead: bytes, timeout: float | None
) -> None:
    now = timezone.now()
    store(alice.project, [span("pay", at=now - minutes(5), error="no answer")], now)
    ours, theirs = socket.socketpair()

    with closing(ours), closing(theirs):
        theirs.sendall(sent_ahead)
        ours.settimeout(timeout)
        begun = time.monotonic()
        answer = diagnose_over(alice, ours)

    assert answer.status_code == 200
    assert time.monotonic() - begun < 5


def diagnose_over(project: MintedProject, connection: socket.socket) -> Any:
    """A diagnosis asked for over this connection, as gunicorn passes it to the application."""
    client = Client(raise_request_exception=False)
    return client.post(
        "/v1/runs/diagnose",
        b"{}",
        content_type="application/json",
        headers={"Authorization": f"Bearer {project.keys['agent']}"},
        **{"gunicorn.socket": connection},
    )


def test_a_long_statement_ends_when_the_client_leaves(alice: MintedProject) -> None:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT MAX(x) FROM n"
    left = threading.Event()
    threading.Timer(0.3, left.set).start()
    run = heavy_runs.HeavyRun("t", "127.0.0.1", alice.project.project_id, ("", ""), left.is_set)
    begun = time.monotonic()

    with pytest.raises(Exception, match="interrupted"), heavy_runs.turn(run), bind(alice.project):
        fetch(endless, [])

    assert time.monotonic() - begun < 2


def test_pages_of_the_dashboard_are_refused_too(alice: MintedProject) -> None:
    browser = browser_of(alice)
    runs = [
        heavy_runs.HeavyRun("t", "127.0.0.1", alice.project.project_id, ("", ""), lambda: False)
        for _ in range(2)
    ]
    heavy_runs.line.waiting.extend(runs)
    try:
        pages = [browser.get("/dashboard"), browser.post("/dashboard/diagnose", {})]
    finally:
        heavy_runs.line.waiting.clear()

    assert [page.status_code for page in pages] == [503, 503]
    assert all(page.headers["Retry-After"] for page in pages)
