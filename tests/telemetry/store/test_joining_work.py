"""What is joined and compared in a store takes work in proportion to what comes: no product of two numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.db import connections

from diagnosis.window import visit_counts
from telemetry.ingest import ingest
from telemetry.models import Rating, Record
from telemetry.otlp.decode import Encoding
from telemetry.reads import user_ratings
from telemetry.store.joined_logs import longest_durations
from telemetry.store.ratings import joining, rated_release, subjects
from telemetry.store.sql import fetch, filled_statement
from telemetry.store.traces import TraceSummary
from tenants.keys.provisioning import MintedProject
from tenants.models import Project
from tenants.stores.binding import bind, bound_alias
from tests.telemetry.factory import protobuf, request, span
from tests.telemetry.logs.joined_stores import NOW
from tests.telemetry.work_counts import WorkCount, work_of

NUMBER = 120


def spans(project: Project, *made: dict[str, Any]) -> None:
    """Send these spans."""
    with bind(project):
        ingest(protobuf(request(*made)), Encoding.PROTOBUF, NOW)


def calls_made_twice(number: int) -> list[dict[str, Any]]:
    """Traces of two model calls, the one inside the other and the same."""
    facts = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "m",
        "gen_ai.usage.input_tokens": 9,
        "gen_ai.usage.output_tokens": 2,
    }
    return [
        span("chat", trace=f"t {each}", id=f"{each} {name}", parent=parent and f"{each} {parent}", at=NOW,
             attributes=facts)
        for each in range(number)
        for name, parent in (("outer", ""), ("inner", "outer"))
    ]  # fmt: skip


def repeats(project: Project, number: int) -> WorkCount:
    """The work of so many traces in which a call is recorded twice."""
    made = calls_made_twice(number)
    return work_of(project, lambda: spans(project, *made), within="store/same_calls/")


def stale(project: Project, number: int) -> WorkCount:
    """The work of noting as many user signals about a session as traces of it came."""
    made = [
        span("op", trace=f"t {each}", id=f"c {each}", at=NOW, attributes={"session.id": "s"})
        for each in range(number)
    ]
    spans(project, *made)
    traces = [TraceSummary(bytes.fromhex(each["traceId"]), "s", "", 1, 0, 0, 0, "svc", "") for each in made]
    with bind(project):
        subjects.find_or_read(["s"])
        Rating.objects.bulk_create(
            Rating(trace_id=b"\xffsignal\x00%8d" % each, about="s", is_stale=False) for each in range(number)
        )
    return work_of(project, lambda: joining.make_stale(traces))


@pytest.mark.parametrize("work", [repeats, stale])
def test_twice_as_much_is_twice_the_work(
    make_project: Callable[..., MintedProject], work: Callable[[Project, int], WorkCount]
) -> None:
    once, twice = (
        work(make_project(f"of {number}", quota_spans=None).project, number)
        for number in (NUMBER, 2 * NUMBER)
    )

    assert twice.times(once) < 2.4


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        (rated_release.OF_SESSION, ["s", 1, b"", b"", "svc"]),
        (subjects.BY_SESSION, ["s", b"", b""]),
        (filled_statement(user_ratings.SESSION_TRACES, 1, 3), [b"", "s", 1]),
        (visit_counts.BY_SESSION.format(sessions="%s", operations="%s"), ["s", 0, 1, "svc", "op"]),
    ],
)
def test_the_traces_of_a_session_are_found_by_their_index(
    make_project: Callable[..., MintedProject], sql: str, values: list[Any]
) -> None:
    with bind(make_project("indexed").project):
        plan = " ".join(str(row[3]) for row in fetch(f"EXPLAIN QUERY PLAN {sql}", values))

    assert "USING INDEX trace_session" in plan


@pytest.mark.parametrize(("ended_ms", "is_stale"), [(-1, False), (0, True), (1, True)])
def test_a_signal_is_stale_where_the_first_of_the_new_traces_began_before_it(
    make_project: Callable[..., MintedProject], ended_ms: int, is_stale: bool
) -> None:
    project = make_project("stale", quota_spans=None).project
    starts = [NOW + timedelta(seconds=second) for second in (9, 0, 5)]
    made = [span("op", trace=f"{at}", at=at, attributes={"session.id": "s"}) for at in starts]
    said = span("feedback", trace="said", at=NOW + timedelta(milliseconds=ended_ms), duration_ms=0)
    spans(project, *made, said)
    traces = [TraceSummary(bytes.fromhex(each["traceId"]), "s", "", 1, 0, 0, 0, "svc", "") for each in made]
    with bind(project):
        subjects.find_or_read(["s"])
        Rating.objects.create(trace_id=bytes.fromhex(said["traceId"]), about="s", is_stale=False)

        joining.make_stale(traces)

        assert Rating.objects.get().is_stale == is_stale


def test_the_records_of_a_minute_are_read_once_for_all_of_its_groups(
    make_project: Callable[..., MintedProject],
) -> None:
    project = make_project("durations", quota_spans=None).project
    names = ["".join(letters) for letters in product("abcdefghijklm", repeat=2)][:150]
    spans(project, *(span(f"op {name}", trace=name, id=name, at=NOW) for name in names))
    read: list[str] = []

    def note(execute: Any, sql: str, *more: Any) -> Any:
        read.extend(["records"] if "FROM telemetry_record" in sql else [])
        return execute(sql, *more)

    with bind(project):
        groups = {longest_durations.rollup_key(record) for record in Record.objects.all()}
        [minute] = {group[0] for group in groups}
        with connections[bound_alias()].execute_wrapper(note):
            longest_durations.correct_minute(minute, groups)

    assert (len(groups), len(read)) == (150, 1)
