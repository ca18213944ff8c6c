"""Records whose parts cannot be read back are shown without them, on every path that reads them."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.test import Client

from telemetry.grouping.versions import rules_of_version
from telemetry.models import Origin, Record, Segment, Trace
from telemetry.regrouping import regrouped
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
    return call(method, path.format(record_id=record_id), minted.keys["agent"])


def damage_rows(minted: MintedProject, statement: str, *values: Any) -> None:
    """Run the statement on the project's file, behind LoopKit's back."""
    with bind(minted.project):
        execute(statement, values)
    pool.close_all()


@pytest.mark.parametrize("damage", DAMAGE)
def test_records_of_a_damaged_segment_are_shown_without_their_spans(
    alice: MintedProject,
    charlie: MintedProject,
    call: Any,
    sent: str,
    damage: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = call("GET", "/v1/telemetry", alice.keys["agent"]).json()
    damage_segments(alice, DAMAGE[damage])

    answer = call("GET", "/v1/telemetry", alice.keys["agent"])

    page = answer.json()
    emptied = {"attributes": {}, "events": [], "links": [], "capture": None, "missing": ["span"]}
    assert answer.status_code == 200
    assert page["records"] == [record | emptied for record in before["records"]]
    assert f"file is damaged: {before['count']}." in page["note"]
    assert "note" not in before
    [line] = caplog.messages
    assert "docs/operations.md" in line
    assert alice.project.project_id in line
    assert "note" not in call("GET", "/v1/telemetry", charlie.keys["agent"]).json()


@pytest.mark.parametrize("path", PAGES)
def test_the_dashboards_pages_show_what_is_left(alice: MintedProject, sent: str, path: str) -> None:
    browser = Client(raise_request_exception=False)
    browser.post("/dashboard/sign-in", {"agent_key": alice.keys["agent"]})
    before = browser.get(path.format(record_id=sent))

    damage_segments(alice, DAMAGE["its last bytes are missing"])

    after = browser.get(path.format(record_id=sent))
    assert (before.status_code, after.status_code) == (200, 200)
    assert b"cannot be read" not in before.content
    assert b"cannot be read" in after.content


@pytest.mark.parametrize(
    ("model", "missing"),
    [(Segment, ["span"]), (Origin, ["resource", "scope"]), (Trace, ["trace"])],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_row_that_is_missing_is_named_in_every_record(
    alice: MintedProject, call: Any, sent: str, model: type[Any], missing: list[str]
) -> None:
    damage_rows(alice, f"DELETE FROM {model._meta.db_table}")

    shown = [asked(call, alice, read, sent) for read in READS[:2]]

    assert [{*map(tuple, pluck(page))} for page in shown] == [{tuple(missing)}] * 2


def pluck(page: Any) -> list[list[str]]:
    """What each record of the page lacks."""
    return [record["missing"] for record in page.json()["records"]]


@pytest.mark.parametrize("table", ["segment", "origin", "trace"])
def test_a_diagnosis_goes_on_and_counts_what_it_could_not_read(
    alice: MintedProject, call: Any, sent: str, table: str
) -> None:
    damage_rows(alice, f"DELETE FROM telemetry_{table}")

    packet = call("POST", "/v1/runs/diagnose", alice.keys["agent"], {"since_minutes": 60}).json()["packet"]

    completeness = packet["completeness"]
    assert packet["issues"]
    assert completeness["complete"] is False
    assert "could not be read whole" in completeness["note"]
    part = {"segment": "span", "origin": "resource", "trace": "trace"}[table]
    assert completeness["missing"][part] > 0


@pytest.mark.parametrize("message", [BROKEN_SPAN, b""])
def test_a_resource_with_other_bytes_is_not_shown(
    alice: MintedProject, call: Any, sent: str, message: bytes
) -> None:
    damage_rows(alice, "UPDATE telemetry_origin SET message = %s", message)

    page = call("GET", "/v1/telemetry", alice.keys["agent"]).json()

    assert {tuple(record["missing"]) for record in page["records"]} == {("resource", "scope")}
    assert {record["resource"]["schema_url"] for record in page["records"]} == {None}


def test_a_span_of_another_record_is_not_shown(alice: MintedProject, call: Any, sent: str) -> None:
    damage_rows(alice, "UPDATE telemetry_record SET position = 0")

    records = call("GET", "/v1/telemetry", alice.keys["agent"]).json()["records"]

    assert [record for record in records if "missing" not in record]
    assert [record["attributes"] for record in records if "missing" in record] == [{}] * (len(records) - 1)


def test_a_resource_that_is_sent_again_is_whole_again(alice: MintedProject, call: Any, sent: str) -> None:
    damage_rows(alice, "UPDATE telemetry_origin SET message = x'00'")

    more = request([order(9, failed=False, minutes_ago=1)])
    call("POST", "/v1/traces", alice.keys["producer"], more)

    records = call("GET", "/v1/telemetry", alice.keys["agent"]).json()["records"]
    assert [record for record in records if "missing" in record] == []


def test_a_packet_of_a_damaged_store_does_not_answer_for_a_sound_one(
    alice: MintedProject, call: Any, sent: str
) -> None:
    with bind(alice.project):
        contents = list(Origin.objects.values_list("message", "origin_id"))
    damage_rows(alice, "UPDATE telemetry_origin SET message = x'00'")
    ask = partial(call, "POST", "/v1/runs/diagnose", alice.keys["agent"], {"since_minutes": 60})
    damaged = ask().json()["packet"]
    for content in contents:
        damage_rows(alice, "UPDATE telemetry_origin SET message = %s WHERE origin_id = %s", *content)

    assert damaged["completeness"]["complete"] is False
    assert ask().json()["packet"]["completeness"]["complete"] is True


def test_fingerprints_are_computed_without_spans_that_cannot_be_read(
    alice: MintedProject, call: Any, sent: str
) -> None:
    damage_segments(alice, DAMAGE["garbage"])
    with bind(alice.project):
        rows = list(Record.objects.filter(fingerprint__isnull=False))
        numbers = regrouped(rows, rules_of_version(alice.project.fingerprint_version))

    assert numbers == [row.fingerprint for row in rows]
