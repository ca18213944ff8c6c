"""Calls that agents repeat without progress: when they are an issue, when not, and whether a fix held."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from diagnosis.diagnose import diagnose
from diagnosis.loops import worst_severity
from diagnosis.models import Loop, Severity
from diagnosis.packets.publishing import packet_as_answered
from diagnosis.verification.verify import recheck, verify
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tests.telemetry.factory import span, store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SHIPPED = NOW + timedelta(minutes=1)
Made = tuple[str, dict[str, Any], str]  # tool, arguments, result
POLL: list[Made] = [("order_status", {"order": "A-1"}, "packing")] * 4
LOOP: list[Made] = [("find_order", {"order": "A-1"}, "no such field: status")] * 4


def run(
    name: str, made: Iterable[Made], since: datetime = NOW - timedelta(minutes=30)
) -> list[dict[str, Any]]:
    """One trace of an agent that made these calls, a second apart; a result "" is a failure."""
    return [
        span(
            f"execute_tool {tool}",
            trace=f"{since}{name}",
            id=f"{since}{name}{n}",
            at=since + timedelta(seconds=n),
            error="" if result else "late",
            attributes={
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": tool,
                "gen_ai.tool.call.arguments": json.dumps(arguments),
                "gen_ai.tool.call.result": result,
            },
        )
        for n, (tool, arguments, result) in enumerate(made)
    ]


def issues(alice: MintedProject, *runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a diagnosis finds of repeated calls in these traces."""
    for one in runs:
        store(alice.project, one, NOW)
    found = packet_as_answered(diagnose(alice.project, Window.ending(NOW, 60), NOW))["issues"]
    return [issue for issue in found if issue["signal_type"] == "repeated_call"]


def test_the_same_call_without_progress_is_an_issue(alice: MintedProject) -> None:
    [issue] = issues(alice, run("a", LOOP), run("b", LOOP[:1]), run("c", LOOP))

    assert (issue["operation"], issue["count"], issue["trend"]) == ("tool find_order", 2, "unclear")
    assert issue["message"] == "called 4 times in one trace with the same arguments and the same result"
    assert (issue["severity"], issue["patch_plan"]["lever"]) == ("low", "orchestration")
    assert len(issue["evidence"]) == 2


def test_two_calls_that_alternate_are_repeated_too(alice: MintedProject) -> None:
    other: Made = ("find_user", {"user": "u-1"}, "no such field: orders")

    found = issues(alice, run("a", [LOOP[0], other] * 3))

    assert {issue["operation"] for issue in found} == {"tool find_order", "tool find_user"}


QUIET: dict[str, list[Made]] = {
    "twice": LOOP[:2],
    "polling whose result changes in the end": [*POLL, ("order_status", {"order": "A-1"}, "shipped")],
    "a batch with other arguments": [("find_order", {"order": f"A-{n}"}, "found") for n in range(6)],
    "a retry that succeeds": [
        ("find_order", {"order": "A-1"}, ""),
        ("find_order", {"order": "A-1"}, "found"),
    ],
    "failures, which are issues of their own": [("find_order", {"order": "A-1"}, "")] * 4,
    "a look back after each change": [
        step for n in range(4) for step in (LOOP[0], ("change_order", {"step": n}, "changed"))
    ],
}


@pytest.mark.parametrize("made", QUIET.values(), ids=list(QUIET))
def test_what_only_looks_like_it_is_quiet(alice: MintedProject, made: list[Made]) -> None:
    assert issues(alice, run("a", made)) == []


def test_calls_whose_content_was_not_recorded_are_quiet(alice: MintedProject) -> None:
    bare = [one | {"attributes": one["attributes"][:2]} for one in run("a", LOOP)]

    assert issues(alice, bare) == []


@pytest.mark.parametrize(
    "arguments", ["[" * 900 + "]" * 900, '{"a": "\\ud800"}', '{"a": 1e300, "b": %s}' % ("9" * 40)]
)
def test_no_argument_can_stop_the_diagnosis(alice: MintedProject, arguments: str) -> None:
    calls = run("a", LOOP)
    for one in calls:
        one["attributes"][2]["value"]["stringValue"] = arguments

    [issue] = issues(alice, calls)

    assert issue["count"] == 1


def shipped(alice: MintedProject, looping: int, ok: int) -> Loop:
    """A loop about a repeated call whose fix shipped; before it so many traces were stuck or fine."""
    send(alice, NOW - timedelta(minutes=30), looping, ok)
    [issue] = issues(alice)
    Loop.objects.filter(loop_id=issue["loop_id"]).update(state=Loop.State.SHIPPED, shipped_at=SHIPPED)
    return Loop.objects.get(loop_id=issue["loop_id"])


def send(alice: MintedProject, since: datetime, looping: int, ok: int) -> None:
    """So many traces, spread over minutes."""
    for n in range(looping + ok):
        made = LOOP if n < looping else [(*LOOP[0][:2], "found"), (*LOOP[0][:2], "found again"), LOOP[1]]
        store(alice.project, run(str(n), made, since + timedelta(seconds=n)), since)


@pytest.mark.parametrize(
    ("looping", "ok", "verdict"),
    [(0, 40, "held"), (0, 3, "inconclusive"), (20, 20, "unchanged"), (0, 0, "no_traffic")],
)
def test_a_fix_holds_only_where_traces_that_could_repeat_it_ran(
    alice: MintedProject, looping: int, ok: int, verdict: str
) -> None:
    loop = shipped(alice, looping=20, ok=20)
    send(alice, SHIPPED, looping, ok)

    found = verify(loop, SHIPPED + timedelta(hours=1))

    assert found.verdict == verdict, found.document["reason"]
    assert found.document["before"]["failures"] == 20
    assert (found.document["after"]["failures"], found.document["after"]["exposure"]) == (
        looping,
        looping + ok,
    )
    assert found.document["reason"].endswith("a failure is such a trace with the repeated call.")


@pytest.mark.parametrize(("looping", "is_near"), [(0, False), (3, True)])
def test_a_fix_that_held_says_what_would_show_that_it_is_back(
    alice: MintedProject, looping: int, is_near: bool
) -> None:
    loop = shipped(alice, looping=20, ok=20)
    send(alice, SHIPPED, 0, 40)
    verify(loop, SHIPPED + timedelta(hours=1))
    send(alice, SHIPPED + timedelta(hours=2), looping, 20)

    found = verify(loop, SHIPPED + timedelta(hours=3))

    assert found.verdict == "held"
    assert found.document["needed"].endswith("to say that it is back") == is_near
    assert "more trace" in found.document["needed"] or not is_near


def test_a_fix_that_held_is_looked_at_again_and_can_regress(alice: MintedProject) -> None:
    loop = shipped(alice, looping=20, ok=20)
    send(alice, SHIPPED, 0, 40)
    verify(loop, SHIPPED + timedelta(hours=1))
    send(alice, SHIPPED + timedelta(hours=2), 20, 20)

    [found] = recheck(alice.project, SHIPPED + timedelta(hours=3))

    assert found.verdict == "regressed"


def told_run(name: str, made: list[Made]) -> list[dict[str, Any]]:
    """One trace of an application's own loop: calls of a model that asks for these and is told of results."""
    spans: list[dict[str, Any]] = []
    messages: list[dict[str, Any]] = [{"role": "user", "content": "where is my order?"}]
    for number, (tool, arguments, result) in enumerate([*made, ("", {}, "")]):
        call = {
            "id": f"c{number}",
            "type": "function",
            "function": {"name": tool, "arguments": json.dumps(arguments)},
        }
        answer = (
            {"role": "assistant", "tool_calls": [call]}
            if tool
            else {"role": "assistant", "content": "Sorry."}
        )
        about = {
            "gen_ai.operation.name": "chat", "gen_ai.request.model": "m",
            "gen_ai.input.messages": json.dumps(messages), "gen_ai.output.messages": json.dumps([answer]),
        }  # fmt: skip
        at = NOW - timedelta(minutes=30) + timedelta(seconds=number)
        spans.append(span("chat m", trace=name, id=f"{name}{number}", at=at, attributes=about))
        messages += [answer, {"role": "tool", "tool_call_id": f"c{number}", "content": result}]
    return spans


def test_a_call_that_only_messages_hold_is_repeated_too(alice: MintedProject) -> None:
    [issue] = issues(alice, told_run("a", LOOP), told_run("b", LOOP[:1]))

    assert (issue["operation"], issue["count"]) == ("chat m", 1)
    assert issue["message"] == (
        "the tool find_order was called 4 times in one trace with the same arguments and the same result"
    )


def test_calls_that_only_messages_hold_are_found_in_whatever_order_spans_come(alice: MintedProject) -> None:
    spans = told_run("a", LOOP)

    assert len(issues(alice, *([each] for each in reversed(spans)))) == 1


TOLD_QUIET: dict[str, list[Made]] = {
    "twice": LOOP[:2],
    "other arguments": [("find_order", {"order": f"A-{number}"}, "no such field") for number in range(4)],
    "other results": [("order_status", {"order": "A-1"}, f"packed {number} of 4") for number in range(4)],
    "failures": [("find_order", {"order": "A-1"}, "Error: the shop is closed today")] * 4,
}


@pytest.mark.parametrize("made", TOLD_QUIET.values(), ids=TOLD_QUIET)
def test_what_only_looks_like_it_in_messages_is_quiet(alice: MintedProject, made: list[Made]) -> None:
    assert issues(alice, told_run("a", made)) == []


def test_two_people_are_asked_by_what_its_rule_finds_and_not_by_the_windows_of_packets(
    alice: MintedProject,
) -> None:
    tenant = alice.project.tenant
    tenant.two_people = Severity.MEDIUM
    tenant.save()
    for number in range(12):
        since = NOW - timedelta(minutes=50 - number)
        store(alice.project, run(f"r{number}", LOOP, since), NOW)
    first = Window.ending(NOW - timedelta(minutes=49), 2)
    diagnose(alice.project, first, NOW)
    loop = Loop.objects.get()
    assert (loop.signal_type, loop.severity) == ("repeated_call", Severity.LOW)

    measured = worst_severity.severity_to_approve(loop, NOW)

    wide = packet_as_answered(diagnose(alice.project, Window.ending(NOW, 60), NOW))["issues"]
    assert Severity(measured).label == wide[0]["severity"] != "low"


@pytest.mark.parametrize("worst_ago", [timedelta(minutes=50), timedelta(days=6)])
def test_packets_of_past_windows_alone_lower_no_number_of_approvals(
    alice: MintedProject, worst_ago: timedelta
) -> None:
    """One of 41 runs, 20 days ago, which a key chooses to show; 12 of 12 in an hour since; a month that dilutes it."""
    alice.project.tenant.two_people = Severity.HIGH
    alice.project.tenant.save()
    chosen = NOW - timedelta(days=20)
    store(alice.project, run("seldom", LOOP, chosen), NOW)
    for number in range(90):
        since = chosen + timedelta(seconds=10 * (number + 1))
        store(alice.project, run(f"fine {number}", LOOP[:1], since), NOW)
    for number in range(12):
        store(alice.project, run(f"r{number}", LOOP, NOW - worst_ago + timedelta(minutes=number / 2)), NOW)
    diagnose(alice.project, Window.ending(chosen + timedelta(minutes=30), 60), NOW)
    loop = Loop.objects.get()
    assert loop.severity < Severity.HIGH

    assert worst_severity.severity_to_approve(loop, NOW) >= Severity.HIGH


def test_what_is_seldom_is_measured_as_its_packet_shows_it(alice: MintedProject) -> None:
    alice.project.tenant.two_people = Severity.MEDIUM
    alice.project.tenant.save()
    issues(alice, run("a", LOOP), *(run(f"fine {n}", LOOP[:1]) for n in range(9)))
    loop = Loop.objects.get()

    assert worst_severity.severity_to_approve(loop, NOW) == loop.severity == Severity.LOW
