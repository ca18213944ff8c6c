"""A store whose messages cannot be read back is a 503 for its own project, on every path that reads them."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from telemetry.models import Origin, Record, Segment, Trace
from telemetry.store.sql import execute
from tenants.keys.provisioning import MintedProject
from tenants.stores import pool
from tenants.stores.binding import bind
from tests.order_service_spans import order, request

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BROKEN_SPAN = b"\xff" * 40


def packed_as(spans: list[bytes]) -> bytes:
    """A sound segment of these spans, which may be no spans at all."""
    lengths = struct.pack(f"<{len(spans) + 1}I", len(spans), *map(len, spans))
    return zstd.compress(lengths + b"".join(spans))


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "its last bytes are missing": lambda content: content[:-6],
    "nothing is left": lambda content: b"",
    "garbage": lambda content: b"no segment" * 20,
    "a byte was turned over in the middle": lambda content: (
        content[: len(content) // 2] + b"\xff\xff\xff\xff" + content[len(content) // 2 + 4 :]
    ),
    "too few bytes for a count": lambda content: zstd.compress(b"ab"),
    "a count beyond its end": lambda content: zstd.compress(struct.pack("<I", 2**31) + b"abc"),
    "fewer spans than records": lambda content: packed_as([b""]),
    "lengths beyond its end": lambda content: zstd.compress(struct.pack("<9I", 8, *[9_999] * 8) + b"abc"),
    "spans that are no messages": lambda content: packed_as([BROKEN_SPAN] * 8),
}
READS = [
    ("GET", "/v1/telemetry"),
    ("GET", "/v1/telemetry?record_id={record_id}"),
    ("GET", "/v1/sessions/chat-0"),
    ("POST", "/v1/runs/diagnose"),
]
PAGES = ["/dashboard/records/{record_id}", "/dashboard/session?session_id=chat-0"]


@pytest.fixture
def sent(alice: MintedProject, charlie: MintedProject, call: Any) -> str:
    """Four turns in each of two projects, and the id of a record that failed."""
    turns = request(order(n, failed=True, minutes_ago=5) for n in range(4))
    for minted in (alice, charlie):
        assert call("POST", "/v1/traces", minted.keys["producer"], turns).status_code == 202
    records = call("GET", "/v1/telemetry", alice.keys["agent"]).json()["records"]
    return next(record["record_id"] for record in records if record["session_id"] == "chat-0")


def damage_segments(minted: MintedProject, change: Callable[[bytes], bytes]) -> None:
    """Change what lies in the project's segments, behind LoopKit's back."""
    with bind(minted.project):
        for segment in Segment.objects.all():
            changed = change(bytes(segment.content))
            execute("UPDATE telemetry_segment SET content = %s WHERE segment_id = %s", [changed, segment.pk])
    pool.close_all()


def asked(call: Any, minted: MintedProject, read: tuple[str, str], record_id: str) -> Any:
    """The answer to one of READS."""
    method, path = read
    data = {"since_minutes": 60} if method == "POST" else None
    return call(method, path.format(record_id=record_id), minted.keys["agent"], data)


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_segment_is_a_503_for_its_project_alone(
    alice: MintedProject,
    charlie: MintedProject,
    call: Any,
    sent: str,
    damage: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    damage_segments(alice, DAMAGE[damage])

    answer = call("GET", "/v1/telemetry", alice.keys["agent"])

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_unavailable")
    assert int(answer["Retry-After"]) >= 1
    assert "docs/operations.md" in caplog.messages[0]
    assert alice.project.project_id in caplog.messages[0]
    assert call("GET", "/v1/telemetry", charlie.keys["agent"]).status_code == 200


@pytest.mark.parametrize("read", READS, ids=lambda read: " ".join(read))
def test_every_read_of_a_damaged_segment_is_a_503(
    alice: MintedProject, call: Any, sent: str, read: tuple[str, str]
) -> None:
    before = asked(call, alice, read, sent)

    damage_segments(alice, DAMAGE["its last bytes are missing"])

    assert (before.status_code, asked(call, alice, read, sent).status_code) == (200, 503)


@pytest.mark.parametrize("path", PAGES)
def test_the_dashboards_pages_of_a_damaged_segment_are_a_503(
    alice: MintedProject, sent: str, path: str
) -> None:
    browser = Client(raise_request_exception=False)
    browser.post("/dashboard/sign-in", {"agent_key": alice.keys["agent"]})
    before = browser.get(path.format(record_id=sent))

    damage_segments(alice, DAMAGE["its last bytes are missing"])

    after = browser.get(path.format(record_id=sent))
    assert (before.status_code, after.status_code) == (200, 503)
    assert int(after["Retry-After"]) >= 1


@pytest.mark.parametrize("model", [Segment, Origin, Trace])
@pytest.mark.parametrize("read", READS, ids=lambda read: " ".join(read))
def test_a_row_that_is_missing_is_never_a_500(
    alice: MintedProject, call: Any, sent: str, model: type[Any], read: tuple[str, str]
) -> None:
    with bind(alice.project):
        execute(f"DELETE FROM {model._meta.db_table}", ())
    pool.close_all()

    assert asked(call, alice, read, sent).status_code in (503, 404)


@pytest.mark.parametrize("read", READS, ids=lambda read: " ".join(read))
def test_a_resource_that_is_no_message_is_a_503(
    alice: MintedProject, call: Any, sent: str, read: tuple[str, str]
) -> None:
    with bind(alice.project):
        execute("UPDATE telemetry_origin SET message = %s", [BROKEN_SPAN])
        assert Record.objects.exists()
    pool.close_all()

    assert asked(call, alice, read, sent).status_code == 503
