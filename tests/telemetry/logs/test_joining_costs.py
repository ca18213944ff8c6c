"""What joining costs follows from what was sent: no log record has its span, or its minute, read again for itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections

from telemetry.models import Rollup
from telemetry.store.joined_logs import arrival, longest_durations, merged_span, repeats
from tenants.keys.provisioning import MintedProject
from tenants.models import Project
from tenants.stores.binding import bind, bound_alias
from tests.telemetry.factory import protobuf, request, span, span_id, trace_id
from tests.telemetry.log_requests import RecordedRequest, log, logs_request, protobuf_logs
from tests.telemetry.logs.joined_stores import NOW, counted, records, send, sent_with_events, tallies

DETAILS = "gen_ai.client.inference.operation.details"
LONG = json.dumps([{"role": "user", "number": number} for number in range(500)])
FACTS = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": LONG, "message": LONG}
SPAN = {"traceId": trace_id("trace"), "spanId": span_id("call")}


@pytest.fixture
def project(make_project: Callable[..., MintedProject]) -> Project:
    """A project without a quota."""
    return make_project("joined", quota_spans=None).project


def spans(*made: dict[str, Any]) -> RecordedRequest:
    """A request of these spans."""
    return RecordedRequest("/v1/traces", "application/x-protobuf", protobuf(request(*made)))


def logs(*made: dict[str, Any]) -> RecordedRequest:
    """A request of these log records."""
    return RecordedRequest("/v1/logs", "application/x-protobuf", protobuf_logs(logs_request(*made)))


@pytest.mark.parametrize("name", [DETAILS, "gen_ai.choice"])
def test_what_a_span_says_is_read_once_for_all_log_records_that_join_it(
    project: Project, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    send(project, [spans(span("chat m", id="call", at=NOW, attributes=FACTS))])
    read: list[Any] = []
    parsed = merged_span.parsed
    monkeypatch.setattr(merged_span, "parsed", lambda value: read.append(value) or parsed(value))
    said = [
        log(name, at=NOW, attributes={"gen_ai.input.messages": f"{number}", "message": "x"}, **SPAN)
        for number in range(40)
    ]

    send(project, [logs(*said)])

    assert 1 <= read.count(LONG) <= 2


def test_an_attribute_that_a_log_record_repeats_is_compared_with_one_reading(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(project, [spans(span("chat m", id="call", at=NOW, attributes=FACTS))])
    read: list[Any] = []
    parsed = merged_span.parsed
    monkeypatch.setattr(merged_span, "parsed", lambda value: read.append(value) or parsed(value))
    repeated = log(DETAILS, at=NOW, **SPAN)
    repeated["attributes"] = [
        {"key": "gen_ai.input.messages", "value": {"stringValue": str(number)}} for number in range(200)
    ]

    send(project, [logs(repeated)])

    assert read.count(LONG) == 1


def orders(number: int, at: datetime, durations: list[float]) -> list[dict[str, Any]]:
    """So many spans that start in one minute."""
    return [
        span(
            f"op {each % 3}",
            trace=f"t {each}",
            id=f"c {each}",
            at=at,
            duration_ms=durations[each % len(durations)],
        )
        for each in range(number)
    ]


def errors(number: int, at: datetime) -> list[dict[str, Any]]:
    """An error in each of the first of these spans."""
    return [
        log(
            at=at,
            body=f"boom {each}",
            severityNumber=17,
            traceId=trace_id(f"t {each}"),
            spanId=span_id(f"c {each}"),
        )
        for each in range(number)
    ]


def test_the_records_of_a_minute_are_read_once_for_all_that_leave_their_group(project: Project) -> None:
    at = datetime(2026, 11, 29, 2, tzinfo=UTC)
    send(project, [spans(*orders(90, at, [0.25]))])
    statements: list[str] = []

    def note(execute: Any, sql: str, *more: Any) -> Any:
        statements.append(sql)
        return execute(sql, *more)

    with bind(project), connections[bound_alias()].execute_wrapper(note):
        send(project, [logs(*errors(60, at))])

    assert sum("duration_nano FROM telemetry_record AS record" in sql for sql in statements) == 1


@pytest.mark.parametrize("durations", [[0.25], [9, 9.1, 9.2, 9.3], [1, 30, 200]])
def test_the_longest_durations_are_those_of_spans_that_said_so_themselves(
    project: Project, make_project: Callable[..., MintedProject], durations: list[float]
) -> None:
    several = [NOW, NOW + timedelta(minutes=1), NOW + timedelta(hours=2)]
    for number, at in enumerate(several):
        made = orders(30, at, durations)
        for one in made:
            one["traceId"] = trace_id(f"{number} {one['traceId']}")
        said = errors(20, at)
        for one in said:
            one["traceId"] = trace_id(f"{number} {one['traceId']}")
        send(project, [spans(*made), logs(*said)])
    other = make_project("at once", quota_spans=None).project

    send(other, [sent_with_events(project)])

    tables = ("Rollup", "HourRollup", "DayRollup")
    assert {name: counted(project)[name] for name in tables} == {
        name: counted(other)[name] for name in tables
    }
    with bind(project):
        assert Rollup.objects.filter(duration_nano_max=0).count() == 0


@pytest.mark.parametrize(("most", "read"), [(60, 2), (29, 0), (1_000, 3)])
def test_of_many_busy_minutes_the_quietest_are_read_again(
    project: Project, monkeypatch: pytest.MonkeyPatch, most: int, read: int
) -> None:
    monkeypatch.setattr(longest_durations, "MOST_READ", most)
    minutes_read: list[int] = []
    correct = longest_durations.correct_minute
    monkeypatch.setattr(
        longest_durations, "correct_minute", lambda *given: minutes_read.append(given[0]) or correct(*given)
    )
    for number, records_of_minute in enumerate([30, 60, 30]):
        at = NOW + timedelta(minutes=number)
        made = orders(records_of_minute, at, [0.25])
        for one in made:
            one["traceId"] = trace_id(f"{number} {one['traceId']}")
        send(project, [spans(*made)])
    said = [
        one | {"traceId": trace_id(f"{number} {one['traceId']}")}
        for number in range(3)
        for one in errors(5, NOW + timedelta(minutes=number))
    ]

    send(project, [logs(*said)])

    assert len(minutes_read) == read
    assert minutes_read == sorted(minutes_read, key=lambda minute: (minute % 60 == 1, minute))


def test_what_finds_no_place_among_the_events_of_a_span_is_refused(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (arrival, merged_span):
        monkeypatch.setattr(module, "MOST_EVENTS", 5)
    said = [
        log("gen_ai.user.message", at=NOW, attributes={"content": f"line {number}"}, **SPAN)
        for number in range(8)
    ]

    _, first, second = send(
        project, [spans(span("chat m", id="call", at=NOW)), logs(*said[:4]), logs(*said[4:])]
    )

    assert (first.joined, second.joined, second.rejected) == (4, 1, {"joined_too_often": 3})


def test_a_span_is_read_for_so_many_requests_that_repeat_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeats, "MOST", 3)
    read: list[int] = []
    real = arrival.read_parts
    monkeypatch.setattr(arrival, "read_parts", lambda keys: read.append(len(keys)) or real(keys))
    send(project, [spans(span("chat m", id="call", at=NOW, attributes=FACTS), span(id="other", at=NOW))])
    said = log(DETAILS, at=NOW, attributes={"gen_ai.input.messages": "<elided>"}, **SPAN)
    other = log(
        "gen_ai.user.message", at=NOW, attributes={"content": "hi"}, **SPAN | {"spanId": span_id("other")}
    )

    receipts = send(project, [logs(said)] * 4 + [logs(said, other)])

    assert [receipt.duplicates for receipt in receipts] == [1, 1, 1, 0, 0]
    assert receipts[3].rejected == receipts[4].rejected == {"joined_too_often": 1}
    assert receipts[4].joined == 1
    assert read == [1, 1, 1, 0, 1]


def test_what_a_log_record_has_no_content_for_is_not_parsed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(project, [spans(span("chat m", id="call", at=NOW, attributes=FACTS))])
    read: list[Any] = []
    parsed = merged_span.parsed
    monkeypatch.setattr(merged_span, "parsed", lambda value: read.append(value) or parsed(value))
    said = log(
        "gen_ai.choice", at=NOW, attributes={"gen_ai.input.messages": "<elided>", "message": ""}, **SPAN
    )

    [receipt] = send(project, [logs(said)])

    assert receipt.duplicates == 1
    assert LONG not in read


def test_what_waited_and_finds_no_place_is_counted_and_the_first_by_time_join(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (arrival, merged_span):
        monkeypatch.setattr(module, "MOST_EVENTS", 5)
    said = [
        log(
            "gen_ai.user.message",
            at=NOW - timedelta(seconds=number),
            attributes={"content": f"{number}"},
            **SPAN,
        )
        for number in range(8)
    ]

    send(project, [logs(*said), spans(span("chat m", id="call", at=NOW))])

    [record] = records(project)
    assert [event["attributes"]["content"] for event in record["events"]] == ["7", "6", "5", "4", "3"]
    assert tallies(project)["joined_too_often"] == 3


def test_nothing_is_lost_of_what_waited_and_finds_a_place(project: Project) -> None:
    said = [
        log("gen_ai.user.message", at=NOW, attributes={"content": f"{number}"}, **SPAN) for number in range(8)
    ]

    send(project, [logs(*said), spans(span("chat m", id="call", at=NOW))])

    assert "joined_too_often" not in tallies(project)
