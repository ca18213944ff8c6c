"""Calls that two instrumentations recorded: stored both, counted once, in any order of arrival."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from diagnosis.diagnose import diagnose
from diagnosis.window import exposure
from telemetry import regrouping
from telemetry.grouping import versions
from telemetry.models import Attribution, DayRollup, DeploymentCounts, Record, RepeatedCall, Rollup, Trace
from telemetry.windows import Window
from tenants.stores.binding import bind
from tests.telemetry.factory import record_id, span, store

AT = datetime(2026, 5, 4, 12, tzinfo=UTC)
WINDOW = Window.ending(AT + timedelta(hours=1), 120)
OPENINFERENCE, GENAI = "openinference.instrumentation.langchain", "opentelemetry.instrumentation.openai_v2"


def two(trace: str, error: str = "", tokens: tuple[int, int] = (100, 20)) -> list[tuple[str, dict[str, Any]]]:
    """A model call as LangChain's and the client's instrumentation record it, and a step around both."""
    ours = {
        "openinference.span.kind": "LLM",
        "llm.model_name": "m",
        "llm.token_count.prompt": tokens[0],
        "llm.token_count.completion": tokens[1],
        "session.id": f"s-{trace}",
    }
    theirs = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "m",
        "gen_ai.usage.input_tokens": tokens[0],
        "gen_ai.usage.output_tokens": tokens[1],
    }
    common = {"trace": trace, "at": AT, "error": error}
    return [
        ("app", span("step", id=f"{trace}/step", trace=trace, at=AT)),
        (
            OPENINFERENCE,
            span("ChatOpenAI", id=f"{trace}/1", parent=f"{trace}/step", attributes=ours, **common),
        ),
        (GENAI, span("chat m", id=f"{trace}/2", parent=f"{trace}/1", kind=3, attributes=theirs, **common)),
    ]


def send(alice, spans: list[tuple[str, dict[str, Any]]], size: int = 1000, seed: int = 0) -> None:
    """Send the spans, so many a request, in an order of this seed."""
    shuffled = list(spans)
    if seed:
        random.Random(seed).shuffle(shuffled)
    for first in range(0, len(shuffled), size):
        for scope, sent in shuffled[first : first + size]:
            store(alice.project, [sent], AT, {"service.name": "bot"}, {"name": scope})


def counts(alice) -> dict[str, Any]:
    """All that counts calls or their tokens."""
    with bind(alice.project):
        return {
            "traces": sorted(
                Trace.objects.values_list("session_id", "records", "input_tokens", "output_tokens")
            ),
            "minutes": sorted(Rollup.objects.values_list("operation", "fingerprint", "count")),
            "days": sorted(DayRollup.objects.values_list("operation", "fingerprint", "count")),
            "deployments": sorted(
                DeploymentCounts.objects.values_list("minutes", "operation", "count", "failures")
            ),
            "repeats": sorted(map(str, RepeatedCall.objects.all())),
            "attributed": sorted(
                Attribution.objects.values_list("operation", "is_downstream", "trace_tokens")
            ),
            "in window": exposure.records(WINDOW).count(),
        }


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("error", ["", "Connection error."])
def test_a_call_counts_once_in_any_order_of_arrival(alice, charlie, seed, error):
    spans = [each for n in range(4) for each in two(f"t{n}", error if n % 2 else "")]
    send(alice, spans)

    send(charlie, spans, size=1 + seed % 3, seed=seed + 1)

    assert counts(alice) == counts(charlie)
    found = counts(alice)
    assert found["traces"] == [(f"s-t{n}", 3, 100, 20) for n in range(4)]
    assert sum(number for operation, _, number in found["minutes"] if operation == "chat m") == 4
    assert sum(number for _, _, number in found["days"]) == found["in window"] == 8


def test_an_issue_has_the_share_of_calls_and_not_of_spans(alice):
    send(alice, [each for n in range(6) for each in two(f"t{n}", "Connection error." if n >= 3 else "")])

    packet = diagnose(alice.project, WINDOW, AT + timedelta(hours=1))

    [issue] = packet.document["issues"]
    assert (issue["count"], issue["impact"]["operation_records"], issue["impact"]["share"]) == (3, 6, 0.5)
    assert issue["impact"]["tokens"] == 3 * 120


def test_both_records_are_shown_and_one_names_the_other(alice, call):
    spans = two("t")
    send(alice, spans)
    outer, inner = record_id(spans[1][1]), record_id(spans[2][1])

    found = call(
        "GET", "/v1/telemetry?since_minutes=43200&until=2026-05-04T13:00:00Z", alice.keys["agent"]
    ).json()

    same = {record["record_id"]: record.get("same_call_as") for record in found["records"]}
    assert (same[outer], same[inner]) == (inner, None)
    assert {record["input_tokens"] for record in found["records"]} == {None, 100}


def test_a_second_try_that_comes_later_keeps_the_counts_right(alice):
    spans = two("t", tokens=(100, 20))
    send(alice, spans)
    other = span(
        "chat m",
        id="t/3",
        trace="t",
        parent="t/1",
        at=AT,
        attributes={
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "m",
            "gen_ai.usage.input_tokens": 7,
            "gen_ai.usage.output_tokens": 3,
        },
    )

    send(alice, [(GENAI, other)])

    assert counts(alice)["traces"] == [("s-t", 4, 107, 23)]
    assert len(counts(alice)["repeats"]) == 1


def test_a_model_that_comes_later_shows_that_the_calls_were_two(alice):
    spans = two("t")
    send(alice, spans)
    router = span(
        "chat other",
        id="t/3",
        trace="t",
        parent="t/1",
        at=AT,
        attributes={"gen_ai.operation.name": "chat", "gen_ai.request.model": "other-y"},
    )

    send(alice, [(GENAI, router)])

    found = counts(alice)
    assert (found["traces"], found["repeats"]) == ([("s-t", 4, 200, 40)], [])
    assert sum(number for _, _, number in found["minutes"]) == found["in window"] == 4


def test_a_change_of_fingerprints_counts_no_repeated_call(alice):
    send(alice, [each for n in range(3) for each in two(f"t{n}", "Connection error.")])
    before = counts(alice)
    with bind(alice.project):
        for rules in (versions.FIRST, versions.NEWEST):
            changed = regrouping.rewrite(list(Record.objects.filter(fingerprint__isnull=False)), rules)

    assert changed == 6
    assert counts(alice)["days"] == before["days"]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("calls", "is_issue"), [(2, False), (3, True)])
def test_an_agent_repeats_a_call_as_often_as_it_made_it(alice, seed, calls, is_issue):
    spans = []
    tool = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "look",
        "gen_ai.tool.call.arguments": '{"q": "A-1"}',
        "gen_ai.tool.call.result": "nothing",
    }
    for trace in ("t1", "t2", "t3"):
        agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "a"}
        spans.append((GENAI, span("run", trace=trace, id=trace, at=AT, duration_ms=60_000, attributes=agent)))
        for n in range(calls):
            at, name = AT + timedelta(seconds=5 * n + 1), f"{trace} {n}"
            outer = span("tool", trace=trace, id=f"{name} 1", parent=trace, at=at, attributes=tool)
            inner = span("tool", trace=trace, id=f"{name} 2", parent=f"{name} 1", at=at, attributes=tool)
            spans += [(OPENINFERENCE, outer), (GENAI, inner)]
    send(alice, spans, size=1 + seed, seed=seed)

    packet = diagnose(alice.project, WINDOW, AT + timedelta(hours=1))

    titles = [issue["title"] for issue in packet.document["issues"]]
    assert (
        titles
        == [f"tool look: called {calls} times in one trace with the same arguments and the same result"]
        * is_issue
    )
