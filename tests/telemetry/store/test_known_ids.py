"""Spans whose ids are known: sent again, another version of the stored one, or another span that shares its ids."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from telemetry import ledger
from telemetry.models import Attribution, Conflict, Record
from telemetry.reads.record_pages import find_records
from telemetry.store import conflicts
from telemetry.store.tallies import CONFLICT, DUPLICATE, SHARED_ID, STORED
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tenants.models import Project
from tenants.stores.binding import bind
from tests.telemetry.factory import minutes, request, span, span_id, store, trace_id

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
CLIENT = span("GET orders", id="call", at=NOW, kind=3)
SERVER = span("GET /orders/:id", id="call", at=NOW + timedelta(milliseconds=2), kind=2, error="ledger closed")
QUERY = span("SELECT", id="query", parent="call", at=NOW + timedelta(milliseconds=3), kind=3)
FAILED_QUERY = QUERY | {"status": {"code": 2, "message": "table is locked"}}
JUMPING = 1_000_000  # nanoseconds


def entry(project: Project, reason: str) -> ledger.LedgerEntry | None:
    """The project's entry for the reason in the hour around NOW."""
    with bind(project):
        entries = ledger.ledger_entries(Window.ending(NOW + minutes(30), 60))
    return next((one for one in entries if one.reason == reason), None)


def counts(project: Project) -> dict[str, int]:
    """The project's tallies that are not zero."""
    with bind(project):
        return {one.reason: one.total for one in ledger.ledger_entries(Window.ending(NOW, 60)) if one.total}


def shown(project: Project) -> list[dict[str, Any]]:
    """All records as answers show them."""
    with bind(project):
        return sorted(
            find_records([str(row) for row in Record.objects.all()]).values(), key=lambda one: one["name"]
        )


def test_the_client_and_the_server_span_of_one_id_are_both_kept(alice: MintedProject) -> None:
    receipt = store(alice.project, [CLIENT, SERVER], NOW)

    records = shown(alice.project)
    assert (receipt.accepted, receipt.duplicates, receipt.conflicts) == (2, 0, 0)
    assert [one["name"] for one in records] == ["GET /orders/:id", "GET orders"]
    assert {one["span_id"] for one in records} == {span_id("call")}
    assert len({one["record_id"] for one in records}) == 2
    assert not any("missing" in one for one in records)
    assert counts(alice.project) == {STORED: 2, SHARED_ID: 1}


def test_spans_of_one_id_sent_again_are_duplicates_in_any_request(alice: MintedProject) -> None:
    store(alice.project, [CLIENT], NOW)
    first = store(alice.project, [SERVER, CLIENT], NOW)
    again = store(alice.project, [SERVER, SERVER, CLIENT], NOW)

    assert (first.accepted, first.duplicates) == (1, 1)
    assert (again.accepted, again.duplicates, again.conflicts) == (0, 3, 0)
    assert len(shown(alice.project)) == 2


@pytest.mark.parametrize(
    "difference",
    [
        {"kind": 5},
        {"name": "another name"},
        {"startTimeUnixNano": str(int(CLIENT["startTimeUnixNano"]) + JUMPING)},
    ],
    ids=["kind", "name", "start"],
)
def test_a_span_that_is_another_one_is_kept(alice: MintedProject, difference: dict[str, Any]) -> None:
    store(alice.project, [CLIENT, CLIENT | difference], NOW)

    assert len(shown(alice.project)) == 2


def test_a_span_of_another_service_is_kept(alice: MintedProject) -> None:
    store(alice.project, [CLIENT], NOW, {"service.name": "gateway"})
    store(alice.project, [CLIENT], NOW, {"service.name": "orders"})

    assert sorted(one["service"] for one in shown(alice.project)) == ["gateway", "orders"]


def test_three_spans_of_one_id_are_kept_whatever_their_order(make_project: Any) -> None:
    third = CLIENT | {"name": "third", "kind": 1}
    contents = []
    for order in permutations([CLIENT, SERVER, third]):
        project = make_project("three").project
        for one in order:
            store(project, [one], NOW)
        contents.append([(one["name"], one["kind"], one["outcome"]) for one in shown(project)])

    assert len(contents[0]) == 3
    assert all(content == contents[0] for content in contents)


def test_a_version_that_ends_later_and_fails_is_a_conflict_with_the_record(alice: MintedProject) -> None:
    started = span("job", id="job", at=NOW, duration_ms=10)
    ended = span("job", id="job", at=NOW, duration_ms=900, error="no stock", attributes={"items": 3})
    store(alice.project, [started], NOW)

    receipt = store(alice.project, [ended], NOW + minutes(1))

    [record] = shown(alice.project)
    told = entry(alice.project, CONFLICT)
    assert (receipt.accepted, receipt.duplicates, receipt.conflicts) == (0, 0, 1)
    assert (record["outcome"], record["duration_ms"]) == ("ok", 10)
    assert told is not None
    assert (told.count, told.total) == (1, 1)
    assert told.records == [
        {
            "record_id": record["record_id"],
            "arrived_at": NOW + minutes(1),
            "differs_in": ["end_time_unix_nano", "status", "attributes"],
            "failed": True,
        }
    ]


def test_a_conflict_is_found_within_one_request_too(alice: MintedProject) -> None:
    receipt = store(alice.project, [CLIENT, CLIENT | {"status": {"code": 2, "message": "reset"}}], NOW)

    assert (receipt.accepted, receipt.conflicts) == (1, 1)


def test_what_encodings_lose_is_no_conflict(alice: MintedProject) -> None:
    precise = span("job", id="job", at=NOW, attributes={"a": 1, "b": 2})
    rounded = precise | {
        "startTimeUnixNano": str(int(precise["startTimeUnixNano"]) + 200),
        "endTimeUnixNano": str(int(precise["endTimeUnixNano"]) - 200),
        "attributes": precise["attributes"][::-1],
    }
    store(alice.project, [precise], NOW)

    receipt = store(alice.project, [rounded], NOW)

    assert (receipt.accepted, receipt.duplicates, receipt.conflicts) == (0, 1, 0)
    assert entry(alice.project, CONFLICT) is None


def test_a_version_of_a_span_with_an_id_of_its_own_is_a_conflict(alice: MintedProject) -> None:
    store(alice.project, [CLIENT, SERVER], NOW)

    receipt = store(alice.project, [SERVER | {"status": {"code": 1}}], NOW)

    told = entry(alice.project, CONFLICT)
    [server, _] = shown(alice.project)
    assert receipt.conflicts == 1
    assert told is not None
    assert [one["record_id"] for one in told.records] == [server["record_id"]]


def test_another_span_of_the_same_id_needs_room_in_the_quota(db: None) -> None:
    project = Project(project_id="shared-00000001", quota_spans=1)

    receipt = store(project, [CLIENT, SERVER], NOW)
    again = store(project, [CLIENT, SERVER], NOW)

    assert (receipt.accepted, receipt.rejected) == (1, Counter({"over_quota": 1}))
    assert (again.accepted, again.duplicates, again.rejected) == (0, 1, Counter({"over_quota": 1}))


def test_the_newest_conflicts_stay(alice: MintedProject, monkeypatch: Any) -> None:
    monkeypatch.setattr(conflicts, "MOST", 3)
    monkeypatch.setattr(conflicts, "FORGET", conflicts.FORGET.replace("OFFSET 199", "OFFSET 2"))
    jobs = [span("job", id=n, at=NOW) for n in range(6)]
    store(alice.project, jobs, NOW)
    for n, job in enumerate(jobs):
        store(alice.project, [job | {"status": {"code": 2}}], NOW + minutes(n))

    with bind(alice.project):
        kept = {bytes(row.span_id).hex() for row in Conflict.objects.all()}
    assert kept == {span_id(n) for n in (3, 4, 5)}
    assert counts(alice.project)[CONFLICT] == 6


def charges(project: Project) -> list[tuple[str, bool]]:
    """The names of the failing spans, and whether each is downstream."""
    with bind(project):
        names = {row.pk: row.name for row in Record.objects.all()}
        rows = Attribution.objects.values_list("trace_id", "span_id", "is_downstream")
        return sorted((names[bytes(trace), bytes(span)], downstream) for trace, span, downstream in rows)


@pytest.mark.parametrize("in_one_request", [True, False])
def test_the_innermost_of_spans_with_one_id_is_charged_whatever_their_order(
    make_project: Any, in_one_request: bool
) -> None:
    caller = span("page", id="page", at=NOW, error="bad gateway")
    client = CLIENT | {"parentSpanId": span_id("page"), "status": {"code": 2, "message": "500"}}
    server = SERVER | {"parentSpanId": span_id("page")}
    for order in permutations([caller, client, server]):
        project = make_project("innermost").project
        for batch in [list(order)] if in_one_request else [[one] for one in order]:
            store(project, batch, NOW)

        assert charges(project) == [("GET /orders/:id", False), ("GET orders", True), ("page", True)]


def test_what_fails_below_spans_with_one_id_is_charged_for_all_of_them(make_project: Any) -> None:
    client = CLIENT | {"status": {"code": 2, "message": "500"}}
    for order in permutations([client, SERVER, FAILED_QUERY]):
        project = make_project("below").project
        for one in order:
            store(project, [one], NOW)

        assert charges(project) == [("GET /orders/:id", True), ("GET orders", True), ("SELECT", False)]


def test_many_shared_ids_in_requests_of_any_size_are_all_kept(make_project: Any) -> None:
    sent = [
        one | {"spanId": span_id(n), "traceId": trace_id(n % 9)}
        for n in range(60)
        for one in (CLIENT, SERVER)
    ]
    for seed in range(3):
        project = make_project("many").project
        shuffled = random.Random(seed).sample(sent, len(sent))
        for start in range(0, len(shuffled), 17):
            store(project, shuffled[start : start + 17], NOW)
            store(project, shuffled[: start + 17], NOW)

        records = shown(project)
        assert Counter((one["trace_id"], one["span_id"], one["name"]) for one in records) == Counter(
            (one["traceId"], one["spanId"], one["name"]) for one in sent
        )
        assert counts(project)[STORED] == 120


def test_the_ledger_of_the_api_names_the_records(alice: MintedProject, call: Any) -> None:
    def send(one: dict[str, Any]) -> Any:
        return call("POST", "/v1/traces?verbose=1", alice.keys["producer"], request(one))

    job = span("job", id="job", at=NOW)
    send(job)
    answer = send(job | {"status": {"code": 2, "message": "late"}})

    read = call("GET", "/v1/ledger", alice.keys["agent"]).json()
    [told] = [one for one in read["entries"] if one["reason"] == CONFLICT]
    assert (answer.headers["X-LoopKit-Conflicts"], answer.json()["conflicts"]) == ("1", 1)
    assert answer.headers["X-LoopKit-Duplicates"] == "0"
    assert [one["differs_in"] for one in told["records"]] == [["status"]]
    assert counts(alice.project).get(DUPLICATE, 0) == 0
