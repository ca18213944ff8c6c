"""A diagnosis of stored records: issues, loops, evals, determinism."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User

from diagnosis.diagnose import diagnose
from diagnosis.issues.findings import MOST_ISSUES
from diagnosis.models import EvalCandidate, Loop, Packet
from diagnosis.packets import publishing
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.approving import approve_seen
from tests.telemetry.factory import minutes, span, store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = Window.ending(NOW, 60)


def failing_tool(n: int, message: str = "order A-{n} not found", **fields: Any) -> dict[str, Any]:
    """One failing tool call."""
    attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "lookup_order"}
    return span(
        "execute_tool lookup_order", trace=f"t{n}", id=f"s{n}", at=NOW - minutes(30 - n / 10),
        error=message.format(n=n), attributes=attributes | {"session.id": f"chat-{n}"}, **fields,
    )  # fmt: skip


def found(minted: MintedProject, window: Window = HOUR) -> list[dict[str, Any]]:
    """The issues as the agent gets them."""
    return list(publishing.packet_as_answered(diagnose(minted.project, window, NOW))["issues"])


def test_failures_that_differ_by_ids_are_one_issue(alice: MintedProject) -> None:
    store(alice.project, [failing_tool(n) for n in range(9)], NOW)

    [issue] = found(alice)

    assert (issue["count"], issue["impact"]["sessions"], issue["signal_type"]) == (9, 9, "tool_call_failed")
    assert issue["evidence_ids"] == issue["evidence"]
    assert len(issue["evidence_ids"]) == 5


def test_failures_of_different_kinds_are_different_issues(alice: MintedProject) -> None:
    store(alice.project, [failing_tool(1), failing_tool(2, "warehouse {n} timed out")], NOW)

    assert len(found(alice)) == 2


@pytest.mark.parametrize(
    ("kinds", "said"), [(0, "No loop waits."), (1, "1 loop waits."), (2, "2 loops wait.")]
)
def test_the_packet_says_how_many_loops_wait_for_a_human(alice: MintedProject, kinds: int, said: str) -> None:
    store(alice.project, [failing_tool(1), failing_tool(2, "warehouse {n} timed out")][:kinds], NOW)

    document = diagnose(alice.project, HOUR, NOW).document

    assert document["approval_required"] is bool(kinds)
    assert document["approval_reason"] == f"{publishing.APPROVAL_REASON} {said}"


def test_the_same_records_give_the_same_issues_in_any_order_and_batches(make_project: Any) -> None:
    spans = [
        failing_tool(n, "order {n} not found" if n % 3 else "warehouse {n} timed out") for n in range(24)
    ]
    seen = []
    for seed in range(20):
        minted = make_project("same")
        shuffled = random.Random(seed).sample(spans, len(spans))
        for start in range(0, len(shuffled), seed + 3):
            store(minted.project, shuffled[start : start + seed + 3], NOW)
        seen.append([without_ids(issue) for issue in found(minted)])

    assert all(issues == seen[0] for issues in seen)


def without_ids(issue: dict[str, Any]) -> dict[str, Any]:
    """The issue without the names that each project makes for itself."""
    return {key: value for key, value in issue.items() if key not in {"loop_id", "next_action"}}


def test_a_window_holds_only_its_own_failures(alice: MintedProject) -> None:
    store(alice.project, [failing_tool(n) for n in range(9)], NOW)

    assert found(alice, Window.ending(NOW - minutes(60), 60)) == []


def test_the_window_is_half_open(alice: MintedProject) -> None:
    store(
        alice.project,
        [span("edge", at=NOW, error="late"), span("first", at=NOW - minutes(60), error="early")],
        NOW,
    )

    [issue] = found(alice)

    assert issue["operation"] == "first"


def test_a_second_diagnosis_keeps_the_loop_and_the_eval(alice: MintedProject) -> None:
    store(alice.project, [failing_tool(1)], NOW)
    [first] = found(alice)
    store(alice.project, [failing_tool(2)], NOW)

    [second] = found(alice)

    assert (first["loop_id"], first["eval_candidate"]) == (second["loop_id"], second["eval_candidate"])
    assert (Loop.objects.count(), EvalCandidate.objects.count(), Packet.objects.count()) == (1, 1, 2)
    assert Loop.objects.get().failures == 2


def test_a_loop_that_was_approved_keeps_the_issue_it_was_approved_on(alice: MintedProject) -> None:
    store(alice.project, [failing_tool(1)], NOW)
    found(alice)
    approve_seen(Loop.objects.get(), User.objects.create_superuser("olga"), "Yes.", NOW)
    store(alice.project, [failing_tool(2)], NOW)

    [issue] = found(alice)

    assert (issue["count"], issue["status"]) == (2, "in_progress")
    assert Loop.objects.get().issue["count"] == 1


def test_a_rejected_cluster_stays_quiet_and_says_so(alice: MintedProject) -> None:
    store(alice.project, [failing_tool(1)], NOW)
    found(alice)
    Loop.objects.update(state=Loop.State.REJECTED)

    packet = publishing.packet_as_answered(diagnose(alice.project, HOUR, NOW))

    assert packet["status"] == "observe_more"
    assert packet["reason"] == "Every issue in this window was rejected by a human, or its fix held."
    assert (packet["issues"][0]["status"], packet["approval_required"]) == ("rejected", False)


def test_evals_of_two_clusters_never_share_a_name(alice: MintedProject) -> None:
    store(alice.project, [failing_tool(1), failing_tool(2, "warehouse {n} timed out")], NOW)

    names = {issue["eval_candidate"] for issue in found(alice)}

    assert len(names) == 2
    assert all(name.startswith("tool-lookup-order-") and name.endswith("-v1") for name in names)


def test_an_empty_window_says_why_there_is_nothing(alice: MintedProject) -> None:
    packet = publishing.packet_as_answered(diagnose(alice.project, HOUR, NOW))

    assert (packet["status"], packet["reason"]) == ("observe_more", "No record starts in this window.")


def test_failures_that_are_each_others_parents_are_issues(alice: MintedProject) -> None:
    circle = [
        span(f"step {n}", id=n, parent=(n + 1) % 3, at=NOW - minutes(n + 1), error=f"the {what} is stuck")
        for n, what in enumerate(["belt", "printer", "lift"])
    ]
    store(alice.project, circle, NOW)

    packet = publishing.packet_as_answered(diagnose(alice.project, HOUR, NOW))

    assert (packet["failures"], packet["reason"]) == (3, "")
    assert [issue["count"] for issue in packet["issues"]] == [1, 1, 1]


def test_a_window_that_cuts_a_failure_from_its_cause_does_not_say_that_none_failed(
    alice: MintedProject,
) -> None:
    outer = span("outer", id="outer", at=NOW - minutes(2), error="what it called failed")
    inner = span("inner", id="inner", parent="outer", at=NOW + minutes(2), error="the disk is full")
    store(alice.project, [outer, inner], NOW)

    packet = publishing.packet_as_answered(diagnose(alice.project, HOUR, NOW))

    assert (packet["failures"], packet["issues"]) == (1, [])
    assert packet["reason"] == (
        "1 of 1 record failed, and what failed inside them is not in this window: widen since_minutes, or move `until`."
    )


def test_issues_are_worst_first(alice: MintedProject) -> None:
    asked = {"http.route": "/pay", "http.request.method": "POST", "http.response.status_code": 500}
    edge = span("POST /pay", trace="pay", at=NOW - minutes(1), kind=2, error="boom", attributes=asked)
    store(alice.project, [*[failing_tool(n) for n in range(3)], edge], NOW)

    assert [issue["severity"] for issue in found(alice)] == ["high", "medium"]


def test_a_packet_is_bounded_and_says_what_it_leaves_out(
    alice: MintedProject, django_assert_max_num_queries: Any
) -> None:
    kinds = [f"{chr(97 + n % 26)}{chr(97 + n // 26)} broke" for n in range(MOST_ISSUES + 20)]
    store(alice.project, [failing_tool(n, kind) for n, kind in enumerate(kinds)], NOW)

    with django_assert_max_num_queries(40):  # on the control database, where other projects wait
        packet = publishing.packet_as_answered(diagnose(alice.project, HOUR, NOW))

    assert len(packet["issues"]) == MOST_ISSUES == Loop.objects.count() == EvalCandidate.objects.count()
    assert packet["completeness"]["complete"] is False
    assert packet["completeness"]["note"].startswith("20 smaller clusters are left out")
