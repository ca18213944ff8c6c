"""Large bodies are unpacked and stored one at a time: they fill no memory, and leave threads to everybody else."""

from __future__ import annotations

import json
import re
import threading
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from loopkit.http.errors import Unavailable
from telemetry.api import large_bodies
from telemetry.api.large_bodies import LARGE_BYTES, BodyLine
from tenants.keys.provisioning import MintedProject
from tests.server import Server, running
from tests.telemetry.factory import request, span

PLACES, BODY_BYTES = 4, 16 * 1024 * 1024
NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> BodyLine:
    """A line of PLACES, which is the process's; whoever waits in it is not patient."""
    monkeypatch.setattr(large_bodies, "PATIENCE", 0.3)
    monkeypatch.setattr(large_bodies, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(large_bodies, "line", BodyLine(PLACES))
    return large_bodies.line


def stays() -> bool:
    """A client that does not leave."""
    return False


def body(size: int) -> bytes:
    """A request of a span with so many bytes of text."""
    text = "no trouble here " * (min(size, LARGE_BYTES) // 16)
    texts = {f"note.{n}": text for n in range(-(-size // LARGE_BYTES))}
    return json.dumps(request(span(id=1, at=NOW, attributes=texts))).encode()


def test_a_large_body_waits_for_the_one_that_is_worked_on(line: BodyLine) -> None:
    line.enter("first", stays)
    threading.Timer(0.1, line.end, ["first"]).start()

    line.enter("second", stays)

    assert dict(line.projects) == {"second": 1}


def test_waiting_is_bounded_and_gives_the_place_up(line: BodyLine) -> None:
    line.enter("first", stays)

    with pytest.raises(Unavailable, match="large bodies") as raised:
        line.enter("second", stays)

    assert raised.value.headers["Retry-After"] == str(large_bodies.RETRY_AFTER_SECONDS)
    assert dict(line.projects) == {"first": 1}


def test_what_a_request_waited_before_is_a_part_of_its_patience(line: BodyLine) -> None:
    line.enter("first", stays)
    began = time.monotonic()

    with pytest.raises(Unavailable, match="large bodies"):
        line.enter("second", stays, waited=large_bodies.PATIENCE)

    assert time.monotonic() - began < large_bodies.PATIENCE / 2


def test_who_left_gets_no_turn(line: BodyLine) -> None:
    with pytest.raises(Unavailable) as raised:
        line.enter("first", lambda: True)

    assert (raised.value.code, line.is_taken, dict(line.projects)) == ("client_gone", False, {})


def test_a_project_leaves_a_place_to_others(line: BodyLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_bodies, "PATIENCE", 10)
    line.enter("greedy", stays)
    left = threading.Event()
    with ThreadPoolExecutor(PLACES) as pool:
        waiting = [pool.submit(line.enter, "greedy", left.is_set) for _ in range(PLACES - 2)]
        while line.projects["greedy"] < PLACES - 1:
            time.sleep(0.01)

        with pytest.raises(Unavailable, match="large bodies"):
            line.enter("greedy", stays)
        another = pool.submit(line.enter, "another", stays)
        left.set()
        assert [type(future.exception()) for future in waiting] == [Unavailable] * len(waiting)
        line.end("greedy")
        assert another.result() is None


def test_small_bodies_pass_while_the_line_is_full(
    line: BodyLine, alice: MintedProject, call: Callable[..., Any]
) -> None:
    line.is_taken = True
    line.projects.update({"another": PLACES - 1, "third": 1})
    key = alice.keys["producer"]

    large = call("POST", "/v1/traces", key, body(2 * LARGE_BYTES))
    packed = call(
        "POST", "/v1/traces", key, zlib.compress(body(2 * LARGE_BYTES)), **{"Content-Encoding": "deflate"}
    )
    small = call("POST", "/v1/traces", key, body(1))

    assert [large.status_code, packed.status_code, small.status_code] == [503, 503, 202]
    assert large["Retry-After"] == str(large_bodies.RETRY_AFTER_SECONDS)
    line.is_taken, line.projects["third"] = False, 0
    assert call("POST", "/v1/traces", key, body(2 * LARGE_BYTES)).status_code == 202
    assert (line.is_taken, line.projects.total()) == (False, PLACES - 1)


def worker_memory(server: Server) -> dict[str, int]:
    """Bytes of the memory of the server's only worker: now (VmRSS), and the most so far (VmHWM)."""
    (pid,) = re.findall(r"Booting worker with pid: (\d+)", (server.data_dir / "server.log").read_text())
    status = Path(f"/proc/{pid}/status").read_text()
    return {name: int(kb) * 1024 for name, kb in re.findall(r"(VmRSS|VmHWM):\s*(\d+) kB", status)}


def test_many_packed_bodies_at_once_take_the_memory_of_one_and_give_it_back(
    new_installation: Callable[[], Path],
) -> None:
    sent = zlib.compress(body(BODY_BYTES), 1)
    headers = {"Content-Type": "application/json", "Content-Encoding": "deflate"}
    with running(new_installation(), LOOPKIT_WORKERS="1", LOOPKIT_THREADS="8") as server:
        key = server.provision("packed")["producer_key"]
        before = worker_memory(server)["VmRSS"]

        with ThreadPoolExecutor(8) as pool:
            answers = list(
                pool.map(lambda _: server.call("POST", "/v1/traces", key, sent, **headers).status, range(8))
            )

        after = worker_memory(server)
    assert set(answers) <= {202, 503}
    assert answers.count(202) >= PLACES - 1
    assert after["VmHWM"] - before < 12 * BODY_BYTES
    assert after["VmRSS"] - before < 4 * BODY_BYTES
