"""Bytes in, whatever they are: never a 5xx, never a loss of what was acknowledged."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from telemetry.grouping.versions import NEWEST
from telemetry.normalise import normalise
from telemetry.otlp.decode import Encoding, Undecodable, decode_spans, parse_export_request
from tests import captures
from tests.server import Server
from tests.telemetry.factory import JSON, PROTOBUF, protobuf, request, span, span_id, trace_id

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
FULL = request(
    span(
        at=NOW,
        error="KeyError: 'x'",
        attributes={"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 5, "http.response.status_code": 500,
                    "session.id": "s", "list": [1, {"a": "b"}], "metadata": "{}"},
        events=[{"name": "exception", "timeUnixNano": "1", "attributes": []}],
        links=[{"traceId": "0a" * 16, "spanId": "0b" * 8}],
    )
)  # fmt: skip
QUICK = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
CAPTURED = [recorded for name in captures.NAMES for recorded in captures.requests(name)[:1]]
SMALLEST = sorted(CAPTURED, key=lambda recorded: len(recorded.plain))[:3]


def understood(body: bytes, encoding: Encoding) -> None:
    """The body is decoded and every span read, or refused as undecodable; nothing else may happen."""
    with suppress(Undecodable):
        for found in decode_spans(parse_export_request(body, encoding).SerializeToString()).spans:
            normalise(found, NEWEST)


@given(body=st.binary(max_size=300), encoding=st.sampled_from(Encoding))
@QUICK
def test_arbitrary_bytes_are_refused_or_understood(body: bytes, encoding: Encoding) -> None:
    understood(body, encoding)


@given(data=st.data(), recorded=st.sampled_from(SMALLEST))
@QUICK
def test_captures_with_changed_bytes_are_refused_or_understood(
    data: st.DataObject, recorded: captures.Recorded
) -> None:
    body = bytearray(recorded.plain)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))

    understood(bytes(body), Encoding.of(recorded.headers["content-type"]) or Encoding.JSON)


NAMES = ["intValue", "kvlistValue", "arrayValue", "values", "key", "value"]
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5),
    st.sampled_from(["9" * 400, "-1", "NaN", "\x00", 10**400, 1e308, "\ud800"]),
)  # fmt: skip
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def replaced(node: Any, path: list[Any], value: Any) -> Any:
    """The request with another value at that path."""
    if not path:
        return value
    changed = node.copy()
    changed[path[0]] = replaced(node[path[0]], path[1:], value)
    return changed


@st.composite
def requests_with_something_odd(draw: st.DrawFn) -> bytes:
    """A valid request but for one node."""
    path: list[Any] = []
    node: Any = FULL
    while isinstance(node, dict | list) and node and (not path or draw(st.integers(0, 6))):
        path.append(draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node)))))
        node = node[path[-1]]
    return json.dumps(replaced(FULL, path, draw(anything))).encode()


@given(body=requests_with_something_odd())
@example(body=json.dumps(replaced(FULL, ["resourceSpans", 0, "resource"], [])).encode())
@QUICK
def test_json_with_an_odd_node_is_refused_or_understood(body: bytes) -> None:
    understood(body, Encoding.JSON)


@given(body=requests_with_something_odd())
@settings(QUICK, max_examples=40)
def test_odd_requests_are_answered_and_what_is_stored_is_shown(
    send: Callable[..., Any], record: Callable[[str], dict[str, Any]], body: bytes
) -> None:
    answer = send(body, JSON)

    assert answer.status_code in {202, 400}
    if answer.headers.get("X-LoopKit-Accepted", "0") != "0":
        sent = json.loads(body)["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
        assert record(f"rec_{sent['traceId']}{sent['spanId']}".lower())["name"] == (
            sent.get("name") or ""
        ).replace("\x00", "")


@pytest.mark.parametrize("levels", [20, 60, 5000])
def test_protobuf_that_nests_too_deep_is_cut_and_does_not_overflow(
    send: Callable[..., Any], levels: int
) -> None:
    value = b""
    for _ in range(levels):
        value = field(5, field(1, value))  # an array of one value
    attribute = field(1, b"deep") + field(2, value)
    sent = field(1, b"t" * 16) + field(2, b"s" * 8) + field(9, attribute)

    assert send(field(1, field(2, field(2, sent)))).status_code == 200


def field(number: int, data: bytes) -> bytes:
    """A field of a protobuf message: https://protobuf.dev/programming-guides/encoding/#structure"""
    length, left = b"", len(data)
    while left > 127:
        length += bytes([left & 127 | 128])
        left >>= 7
    return bytes([number << 3 | 2]) + length + bytes([left]) + data


BATCH, SENDERS = 5, 3


@pytest.mark.faults  # make faults does it harder
def test_what_was_acknowledged_survives_killed_workers(sturdy_server: Server) -> None:
    made = sturdy_server.provision("killed")
    acknowledged: set[tuple[int, int]] = set()
    stop = threading.Event()

    def send(sender: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            spans = [span(trace=(sender, number), id=n, at=NOW) for n in range(BATCH)]
            try:
                body, kind = protobuf(request(*spans)), {"Content-Type": PROTOBUF}
                answer = sturdy_server.call("POST", "/v1/traces", made["producer_key"], body, **kind)
            except (OSError, HTTPException):
                continue  # cut off: not acknowledged
            if answer.status == 200:
                acknowledged.add((sender, number))

    senders = [threading.Thread(target=send, args=(sender,)) for sender in range(SENDERS)]
    for sender in senders:
        sender.start()
    wait_until(lambda: len(acknowledged) >= 10)  # `make faults` does this 20 times, and worse
    for worker in workers(sturdy_server):
        os.kill(worker, signal.SIGKILL)
    wait_until(lambda: bool(workers(sturdy_server)))
    stop.set()
    for sender in senders:
        sender.join(timeout=20)

    with closing(
        sqlite3.connect(sturdy_server.data_dir / "projects" / f"{made['project_id']}.sqlite3")
    ) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        stored = set(file.execute("SELECT hex(trace_id), hex(span_id) FROM telemetry_record"))
        [counted] = file.execute(
            "SELECT (SELECT sum(count) FROM telemetry_rollup), (SELECT sum(records) FROM telemetry_trace)"
        )
    expected = {(trace_id(batch).upper(), span_id(n).upper()) for batch in acknowledged for n in range(BATCH)}
    assert len(expected) >= 10 * BATCH
    assert expected <= stored
    assert counted == (len(stored), len(stored))


def workers(server: Server) -> list[int]:
    """The process ids of the running workers, as the server's log names them."""
    booted = re.findall(r"Booting worker with pid: (\d+)", (server.data_dir / "server.log").read_text())
    return [int(pid) for pid in booted if is_running(int(pid))]


def is_running(pid: int) -> bool:
    """Whether a process is alive (a killed one that its parent has not yet read is not)."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition: Callable[[], bool]) -> None:
    """Until it holds, for 20 seconds at most."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
