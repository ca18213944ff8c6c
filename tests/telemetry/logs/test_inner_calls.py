"""Log records that tell of calls: what it costs to find these does not grow with what was sent before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections

from telemetry.models import WaitingLog
from telemetry.store.joined_logs import inner_calls
from telemetry.store.tallies import CALLS_NOT_SEARCHED
from tenants.keys.provisioning import MintedProject
from tenants.models import Project
from tenants.stores.binding import bind, bound_alias
from tests.telemetry.factory import protobuf, request, span, span_id, trace_id
from tests.telemetry.log_requests import RecordedRequest, log, logs_request, protobuf_logs
from tests.telemetry.logs.joined_stores import NOW, records, send, tallies
from tests.telemetry.work_counts import WorkCount, work_of

SCOPE = {"name": "com.anthropic.claude_code.tracing"}
NUMBER = 120  # of calls and of log records; the work is compared with that of twice as many


@pytest.fixture
def new_project(make_project: Callable[..., MintedProject]) -> Callable[[str], Project]:
    """Makes projects without a quota."""
    return lambda name: make_project(name, quota_spans=None).project


def calls(numbers: Iterable[int], name: str = "req", parent: str = "turn") -> RecordedRequest:
    """Model calls inside the turn, one each second, with the ids of their requests."""
    made = [
        span(
            "claude_code.llm_request",
            id=f"call {name} {number}",
            trace="turn",
            parent=parent.format(number),
            at=NOW + timedelta(seconds=number),
            duration_ms=100,
            attributes={"span.type": "llm_request", "request_id": f"{name} {number}"},
        )
        for number in numbers
    ]
    return RecordedRequest("/v1/traces", "application/x-protobuf", protobuf(request(*made, scope=SCOPE)))


def logs(*made: dict[str, Any]) -> RecordedRequest:
    """A request of these log records."""
    return RecordedRequest("/v1/logs", "application/x-protobuf", protobuf_logs(logs_request(*made)))


def answers(
    numbers: Iterable[int], name: str = "req", late_ms: float = 101, of: str = "turn"
) -> RecordedRequest:
    """The events of the answers of these calls, which name the turn. `name`: "" for events without an id."""
    made = [
        log(
            "claude_code.assistant_response",
            at=NOW + timedelta(seconds=number, milliseconds=late_ms),
            attributes={"response": f"answer {number}"}
            | ({"request_id": f"{name} {number}"} if name else {}),
            traceId=trace_id("turn"),
            spanId=span_id(of.format(number)),
        )
        for number in numbers
    ]
    return logs(*made)


def answered(project: Project) -> dict[str, Any]:
    """The output of each call that has one."""
    found = {each["span_id"]: each["capture"]["output"] for each in records(project)}
    return {span_id: output for span_id, output in found.items() if output is not None}


def waiting(project: Project) -> int:
    """How many log records wait."""
    with bind(project):
        return WaitingLog.objects.count()


Steps = list[Callable[[range], RecordedRequest]]


@pytest.mark.parametrize(
    "steps",
    [
        [calls, answers],
        [calls, lambda numbers: answers(numbers, name="unknown")],
        [calls, lambda numbers: answers(numbers, name="")],
        [calls, lambda numbers: answers(numbers, name="", late_ms=500)],
        [lambda numbers: calls(numbers, parent="turn {}"), lambda numbers: answers(numbers, of="turn {}")],
        [answers, calls],
        [lambda numbers: answers(numbers, name=""), calls],
        [lambda numbers: answers(numbers, name="unknown"), calls],
    ],
    ids=[
        "known", "unknown", "by time", "at no time", "of many spans", "waited", "waited by time", "waits on",
    ],
)  # fmt: skip
def test_twice_as_many_calls_and_log_records_are_twice_the_work(
    new_project: Callable[[str], Project], steps: Steps
) -> None:
    once, twice = (
        last_work(new_project(str(number)), [step(range(number)) for step in steps])
        for number in (NUMBER, 2 * NUMBER)
    )

    assert twice.times(once) < 2.5


def last_work(project: Project, requests: list[RecordedRequest]) -> WorkCount:
    """The work of the last of these requests."""
    send(project, requests[:-1])
    return work_of(project, lambda: send(project, requests[-1:]))


@pytest.mark.parametrize("name", ["unknown", ""])
def test_one_call_more_is_no_more_work_where_more_log_records_wait(
    new_project: Callable[[str], Project], name: str
) -> None:
    once, twice = (
        last_work(
            new_project(str(number)),
            [answers(range(1, number), name=name, late_ms=500), calls([0]), calls([number + 1])],
        )
        for number in (NUMBER, 2 * NUMBER)
    )

    assert twice.times(once) < 1.2


def test_each_answer_joins_its_call_where_calls_are_too_many_to_read_them_all(
    new_project: Callable[[str], Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inner_calls, "MOST_READ", 10)
    project = new_project("many")

    send(project, [calls(range(40)), answers([3, 17, 39])])

    assert answered(project) == {span_id(f"call req {number}"): f"answer {number}" for number in (3, 17, 39)}
    assert CALLS_NOT_SEARCHED not in tallies(project)


def test_what_may_tell_of_a_call_that_was_not_read_waits_and_is_counted(
    new_project: Callable[[str], Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inner_calls, "MOST_READ", 10)
    project = new_project("far")

    send(project, [calls(range(40)), answers([3], late_ms=30_000)])

    assert (answered(project), waiting(project)) == ({}, 1)
    assert tallies(project)[CALLS_NOT_SEARCHED] == 1


def test_traces_of_too_many_records_are_not_searched_and_their_answers_wait_for_new_calls(
    new_project: Callable[[str], Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inner_calls, "MOST_SEARCHED", 10)
    project = new_project("large")

    send(project, [calls(range(11)), answers([3, 20]), calls([20])])

    assert answered(project) == {span_id("call req 20"): "answer 20"}
    assert (waiting(project), tallies(project)[CALLS_NOT_SEARCHED]) == (1, 2)


def test_what_waits_for_another_call_is_not_counted_where_all_were_read(
    new_project: Callable[[str], Project],
) -> None:
    project = new_project("read")

    send(project, [calls(range(5)), answers([7])])

    assert (waiting(project), CALLS_NOT_SEARCHED in tallies(project)) == (1, False)


@pytest.mark.parametrize(("late_ms", "joins"), [(70, True), (130, True), (69, False), (131, False)])
@pytest.mark.parametrize("is_last", [True, False])
def test_an_answer_without_an_id_joins_what_ended_within_30_ms_whenever_it_comes(
    new_project: Callable[[str], Project], late_ms: float, joins: bool, is_last: bool
) -> None:
    project = new_project("near")
    parts = [calls([0, 1]), answers([1], name="", late_ms=late_ms)]

    send(project, parts if is_last else parts[::-1])

    assert answered(project) == ({span_id("call req 1"): "answer 1"} if joins else {})


def test_of_calls_that_ended_equally_near_the_first_by_its_id_is_joined() -> None:
    near = inner_calls.NEAR_NANO
    place = ((b"trace", b"turn"), "llm_call")
    ends = [(100, b"d"), (100, b"c"), (200, b"b"), (200, b"a"), (1_000 + 2 * near, b"e")]
    found = inner_calls.InnerCalls(
        [], [inner_calls.InnerCall(place, (b"trace", id), end) for end, id in ends]
    )

    nearest = [found.nearest(place, time) for time in (100, 149, 150, 151, 900 + near, 300 + near)]

    assert [key and key[1] for key in nearest] == [b"c", b"c", b"a", b"a", None, None]


@pytest.mark.parametrize("time", range(-1, 12))
@pytest.mark.parametrize("number", [1, 2, 5, 20])
def test_the_calls_around_a_time_are_as_many_as_asked_for_and_hold_the_nearest(
    time: int, number: int
) -> None:
    place = ((b"trace", b"turn"), "llm_call")
    found = inner_calls.InnerCalls(
        [], [inner_calls.InnerCall(place, (b"trace", bytes([end])), end) for end in range(0, 20, 2)]
    )

    around = found.around(place, time, number)

    assert len(around) == min(number, 10)
    assert found.nearest(place, time) in found.around(place, time, max(number, 2))


def test_an_upgrade_notes_of_what_waits_the_call_that_it_tells_of(
    new_project: Callable[[str], Project],
) -> None:
    project = new_project("upgraded")
    failed = log(
        "claude_code.tool_result",
        at=NOW,
        attributes={"tool_use_id": "toolu_1"},
        traceId=trace_id("turn"),
        spanId=span_id("turn"),
    )
    details = failed | {"eventName": "gen_ai.user.message"}
    send(project, [answers([1]), answers([2], name=""), logs(failed, details)])
    columns = ("call_key", "time_unix_nano")
    with bind(project):
        noted = sorted(WaitingLog.objects.values_list(*columns))
        WaitingLog.objects.update(call_key=0, time_unix_nano=0)
        migration = import_module("telemetry.migrations.0017_waiting_calls")

        migration.note_calls(None, SimpleNamespace(connection=connections[bound_alias()]))

        told = sorted(WaitingLog.objects.exclude(call_key=0).values_list(*columns))
    assert len(told) == 3
    assert told == [row for row in noted if row[0]]
