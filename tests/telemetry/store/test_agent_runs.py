"""Visits of agents' runs, and those that fail, are what a recount of the records says, whatever order they came in."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import count, pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from loopkit import prepare
from telemetry.agent_runs import unfounded_answers
from telemetry.conventions.content import answer_texts
from telemetry.models import FailingVisit, LongTrace, PendingRun, Record, VisitCount
from telemetry.reads.record_json import records_json
from telemetry.store.runs import kept_runs
from telemetry.windows import MINUTE_NANO
from tenants.keys.provisioning import MintedProject
from tenants.models import Project
from tenants.stores.binding import bind, bound_alias
from tests.telemetry.factory import span, store

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
project_numbers = count()
Fact = dict[str, Any]
Call = tuple[str, str, str, str]  # kind or tool, what was asked, the result, the release


ANSWERS = (*2 * ['{"x": 1, "y": 2}'], *2 * ['{"y": 2, "x": 1}'])


def fresh() -> Project:
    """A project of its own, known to its telemetry alone."""
    return Project(project_id=f"runs-{next(project_numbers):08x}", quota_spans=None)


def call_span(trace: int, number: int, at: datetime, call: Call) -> Fact:
    """The call as a span; a result "" is a failure, and None one that was not recorded."""
    kind, asked, result, release = call
    if kind == "model":
        name, names = "chat gpt", ("gen_ai.input.messages", "gen_ai.output.messages")
        facts = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt"}
    else:
        name, names = f"execute_tool {kind}", ("gen_ai.tool.call.arguments", "gen_ai.tool.call.result")
        facts = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": kind}
    content = {name: text for name, text in zip(names, (asked, result), strict=True) if text}
    one = span(
        name,
        trace=trace,
        id=f"{trace} {number}",
        at=at,
        error="" if result else "lost",
        attributes=facts | content,
    )
    one["resource"] = {"service.name": "assistant", "service.version": release}
    return one


@st.composite
def runs(draw: st.DrawFn) -> list[Fact]:
    """The calls of a few runs, out of few values, so that equal ones meet; with work that is no call between them."""
    asked = st.sampled_from(['{"a": 1, "b": 2}', '{"b":2,"a":1}', '{"a": 2}', "plain"])
    result = st.sampled_from(
        ["found", "found", "I have verified it.", '{"x": 1, "y": 2}', '{"y": 2, "x": 1}', ""]
    )
    calls = st.tuples(
        st.sampled_from(["model", "find", "look", "final_answer"]), asked, result, st.sampled_from(["1", "2"])
    )
    spans = []
    for trace in range(draw(st.integers(1, 3))):
        for number, call in enumerate(draw(st.lists(calls, min_size=1, max_size=9))):
            at = NOW + timedelta(seconds=draw(st.sampled_from([0, 20, 61, 4000])) + number)
            spans.append(call_span(trace, number, at, call))
        spans.append(
            span("root", trace=trace, id=f"{trace} root", at=NOW, attributes={"session.id": f"s{trace}"})
        )
    return draw(st.permutations(spans))


def kept_rows() -> tuple[dict[Any, int], set[Any]]:
    """The counts of visits, and the failing ones, of the bound project."""
    counts = {row.pk: row.count for row in VisitCount.objects.all() if row.count}
    failing = {
        (bytes(row.trace_id), row.service, row.operation, row.signal_type, bytes(row.span_id), row.message,
         row.start_time_unix_nano, row.release, row.severity)
        for row in FailingVisit.objects.all()
    }  # fmt: skip
    return counts, failing


def recount() -> tuple[dict[Any, int], set[Any]]:
    """The same from the bound project's records and their content, by the words of the documentation."""
    traces: dict[bytes, list[Fact]] = defaultdict(list)
    rows = list(Record.objects.order_by("start_time_unix_nano", "span_id"))
    for row, shown in zip(rows, records_json(rows), strict=True):
        if row.unit in ("llm_call", "tool_call"):
            content = {name: canonical(shown["capture"][name]) for name in ("input", "output")}
            if row.unit == "llm_call":  # an answer is compared as it was sent
                content["output"] = canonical(shown["attributes"].get("gen_ai.output.messages"))
            traces[bytes(row.trace_id)].append({"row": row, **content})
    counts: Counter[Any] = Counter()
    failing = set()
    for trace_id, calls in traces.items():
        first = {(call["row"].service, call["row"].operation): call["row"] for call in reversed(calls)}
        for place, row in first.items():
            minute = row.start_time_unix_nano // MINUTE_NANO
            for minutes in (1, 60, 1440):
                counts[minutes, minute - minute % minutes, *place, row.release, row.environment] += 1
        for signal, row, severity, message in (*repeated(calls), *unfounded(calls)):
            place = row.service, row.operation
            start = first[place].start_time_unix_nano
            failing.add(
                (trace_id, *place, signal, bytes(row.span_id), message, start, first[place].release, severity)
            )
    return counts, failing


def canonical(content: Any) -> str | None:
    """A text that is equal for equal content."""
    return None if content is None else json.dumps(content, sort_keys=True)


def repeated(calls: list[Fact]) -> Iterator[tuple[str, Record, str, str]]:
    """Each operation with calls that were repeated without progress, with the third of those that were so first."""
    found: dict[str, tuple[int, list[Record]]] = {}
    for is_model in (False, True):
        of_kind = [call for call in calls if (call["row"].unit == "llm_call") == is_model]
        for first, call in enumerate(of_kind):
            same = [
                number
                for number, other in enumerate(of_kind)
                if (other["row"].operation, other["input"]) == (call["row"].operation, call["input"])
            ]
            if same[0] != first or not is_steady([of_kind[number] for number in same]):
                continue
            reached = [
                again
                for once, again in pairwise(same[1:])  # repetitions of the first
                if not any(is_new(of_kind, number) for number in range(once + 1, again))
            ]
            if reached:
                records = [of_kind[number]["row"] for number in same]
                operation = call["row"].operation
                found[operation] = min(
                    found.get(operation, (10**9, records)), (reached[0], records), key=lambda pair: pair[0]
                )
    for _, records in found.values():
        number = len(records)
        message = f"called {number} times in one trace with the same arguments and the same result"
        yield "repeated_call", records[2], "medium" if number >= 10 else "low", message


def is_new(calls: list[Fact], number: int) -> bool:
    """Whether no call before this one asked the same and got the same."""
    call = calls[number]
    return not any(
        (other["row"].operation, other["input"], other["output"])
        == (call["row"].operation, call["input"], call["output"])
        for other in calls[:number]
    )


def is_steady(calls: list[Fact]) -> bool:
    """Whether these calls with one request succeeded with one result, and both were recorded."""
    outputs = {call["output"] for call in calls}
    return (
        len(outputs) == 1
        and None not in outputs
        and calls[0]["input"] is not None
        and all(call["row"].fingerprint is None for call in calls)
    )


def unfounded(calls: list[Fact]) -> Iterator[tuple[str, Record, str, str]]:
    """The latest of the last three answers that claims something, where no tool returned anything."""
    tools = [call["row"] for call in calls if call["row"].unit == "tool_call"]
    if not tools or any(row.fingerprint is None and row.tool != "final_answer" for row in tools):
        return
    answers = [call for call in calls if call["row"].unit == "llm_call" and call["row"].fingerprint is None]
    for call in answers[:-4:-1]:
        text = answer_texts(json.loads(call["output"])) if call["output"] else ""
        if claim := unfounded_answers.claim_line(text):
            message = f"no tool call of the run returned anything, and the answer says: {claim}"
            yield "unfounded_answer", call["row"], "low", message
            return


@example([call_span(0, n, NOW, ("model", "plain", text, "1")) for n, text in enumerate(ANSWERS)], 1)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(runs(), st.integers(1, 6))
def test_any_order_and_any_batches_give_what_a_recount_of_the_records_gives(
    db: None, spans: list[Fact], size: int
) -> None:
    project = fresh()

    for start in range(0, len(spans), size):
        store_together(project, spans[start : start + size])

    with bind(project):
        assert kept_rows() == recount()


def store_together(project: Project, spans: list[Fact]) -> None:
    """Store the spans, those of one resource in one request."""
    by_resource: dict[str, list[Fact]] = defaultdict(list)
    for one in spans:
        by_resource[json.dumps(one.get("resource"))].append(one)
    for resource, together in by_resource.items():
        bare = [{name: value for name, value in one.items() if name != "resource"} for one in together]
        store(project, bare, NOW, json.loads(resource))


LOOP: list[Call] = [("find", f'{{"a": {n % 2}}}', "found", "1") for n in range(12)]


def loop(trace: int, calls: list[Call] = LOOP) -> list[Fact]:
    """One run with these calls, a second each."""
    return [
        call_span(trace, number, NOW + timedelta(seconds=number), call) for number, call in enumerate(calls)
    ]


def test_names_in_another_order_and_other_spaces_are_the_same_arguments_and_result(
    alice: MintedProject,
) -> None:
    asked = [
        '{"a": 1, "b": [{"c": 2, "d": 3}]}',
        '{"b":[{"d":3,"c":2}],"a":1}',
        '{ "b" : [{"c":2,"d":3}], "a": 1 }',
    ]
    calls = [
        ("find", text, '{"x": 1, "y": 2}' if n % 2 else '{"y":2,"x":1}', "1") for n, text in enumerate(asked)
    ]

    store_together(alice.project, loop(0, calls))

    with bind(alice.project):
        assert [row.message[:14] for row in FailingVisit.objects.all()] == ["called 3 times"]


def test_a_message_around_a_result_that_names_the_call_does_not_make_it_another_one(
    alice: MintedProject,
) -> None:
    wrapped = [json.dumps({"content": "none", "tool_call_id": f"call_{n}", "type": "tool"}) for n in range(3)]

    store_together(alice.project, loop(0, [("find", "it", text, "1") for text in wrapped]))

    with bind(alice.project):
        assert FailingVisit.objects.count() == 1


def test_spans_that_are_sent_again_change_nothing(alice: MintedProject) -> None:
    store_together(alice.project, [*loop(0), *loop(1, LOOP[:2])])
    with bind(alice.project):
        once = kept_rows()

    store_together(alice.project, [*loop(1, LOOP[:2]), *loop(0)[4:]])

    with bind(alice.project):
        assert kept_rows() == once
        assert once == recount()


def test_what_comes_for_a_trace_that_ran_away_is_not_looked_at_and_that_is_kept(
    alice: MintedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_runs, "MOST_RECORDS", 4)
    store_together(alice.project, loop(0)[:5])
    with bind(alice.project):
        before = kept_rows(), LongTrace.objects.count()
    monkeypatch.setattr(kept_runs, "read_runs", lambda ids: pytest.fail("read again"))

    store_together(alice.project, loop(0)[5:])

    with bind(alice.project):
        assert (kept_rows(), LongTrace.objects.count()) == (before[0], 1)
        assert before[1] == 0


def test_an_older_file_is_given_what_ingest_would_have_written(
    alice: MintedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    migration = import_module("telemetry.migrations.0009_agent_runs")
    monkeypatch.setattr(migration, "TRACES", 2)
    claims: list[Call] = [("look", "it", "", "1"), ("model", "why", "I have verified it.", "1")]
    for trace, calls in enumerate([LOOP, LOOP[:2], claims, [("model", "what", "this", "2")] * 3, claims[1:]]):
        store_together(alice.project, loop(trace, calls))
    with bind(alice.project):
        written = kept_rows()
        for table in (VisitCount, FailingVisit):
            table._default_manager.all().delete()
        Record.objects.update(call_key=None)
        migration.count_visits(None, SimpleNamespace(connection=connections[bound_alias()]))
        pending = PendingRun.objects.count()

        done = kept_runs.judge_pending()

        assert (kept_rows(), PendingRun.objects.count()) == (written, 0)
        assert done == pending == 3


def test_preparing_goes_on_with_runs_that_are_still_listed(alice: MintedProject) -> None:
    store_together(alice.project, [*loop(0), *loop(1)])
    with bind(alice.project):
        written = kept_rows()
        FailingVisit.objects.all().delete()
        PendingRun.objects.bulk_create(
            PendingRun(trace_id=bytes(trace_id))
            for trace_id in Record.objects.values_list("trace_id", flat=True).distinct()
        )

    prepare.judge_stored_runs()

    with bind(alice.project):
        assert (kept_rows(), PendingRun.objects.count()) == (written, 0)


def test_a_run_that_an_older_version_began_is_judged_whole(alice: MintedProject) -> None:
    store_together(alice.project, loop(0)[:3])
    with bind(alice.project):
        Record.objects.update(call_key=None)

    store_together(alice.project, loop(0)[3:])

    with bind(alice.project):
        assert kept_rows() == recount()
        assert FailingVisit.objects.count() == 1


def doubled(trace: int, calls: list[Call]) -> list[Fact]:
    """One run with these calls of a model, each recorded by two instrumentations, one inside the other."""
    spans = []
    for number, (_, asked, result, _) in enumerate(calls):
        facts = {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "gpt",
            "gen_ai.usage.input_tokens": 7,
            "gen_ai.usage.output_tokens": 2,
            "gen_ai.input.messages": asked,
            "gen_ai.output.messages": result,
        }
        for inside in (0, 1):
            at = NOW + timedelta(seconds=10 * number + inside)
            outer = f"{trace} {number} 0" if inside else None
            spans.append(
                span(
                    "chat gpt", trace=trace, id=f"{trace} {number} {inside}", parent=outer, at=at,
                    duration_ms=5000 - 2000 * inside, attributes=facts,
                )
            )  # fmt: skip
    return spans


@pytest.mark.parametrize(("calls", "found"), [(2, []), (3, ["called 3 times"])])
@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_a_call_that_two_instrumentations_recorded_is_one_call(
    alice: MintedProject, calls: int, found: list[str], size: int
) -> None:
    spans = doubled(0, [("model", "why", "because", "")] * calls)
    spans = [*spans[::2], *spans[1::2]]  # the outer ones first

    for start in range(0, len(spans), size):
        store(alice.project, spans[start : start + size], NOW)

    with bind(alice.project):
        assert [row.message[:14] for row in FailingVisit.objects.all()] == found
        assert {row.count for row in VisitCount.objects.all()} == {1}
