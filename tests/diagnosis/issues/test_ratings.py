"""An issue of user signals: what was rated, whom it concerns, and the failures in the same traces."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from diagnosis.issues import evidence_choice
from diagnosis.issues.ratings.shared_traces import MOST, IssueTraces, SharedTraces, shared_traces
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.dashboard_client import browser_of
from tests.security.approvals.failing_shop import diagnose
from tests.telemetry.factory import key_values, request, span, trace_id

AT = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)
RATED = [f"run {number}" for number in range(5)]


def run(name: str, number: int, error: str = "") -> list[dict[str, Any]]:
    """An agent's run that looks the same thing up three times, or fails once."""
    at = AT + timedelta(seconds=number)
    tool = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "search",
        "gen_ai.tool.call.arguments": '{"query": "wok"}',
        "gen_ai.tool.call.result": '{"found": []}',
    }
    said = {"session.id": f"session {name}", "user.id": f"user {number % 2}"}
    return [
        span("invoke_agent helper", trace=name, at=at, attributes=said, error=error),
        *(
            span("execute_tool search", trace=name, id=f"{name} {call}", at=at, attributes=tool, parent=name)
            for call in range(1 if error else 3)
        ),
    ]


@pytest.fixture
def packet(alice: MintedProject, call: Callable[..., Any]) -> dict[str, Any]:
    """A diagnosis of 5 runs that repeat a call and were rated down, and 3 that failed, of which one was."""
    spans = [each for number, name in enumerate(RATED) for each in run(name, number)]
    spans += [each for number in range(3) for each in run(f"failed {number}", number, "no stock")]
    assert call("POST", "/v1/traces", alice.keys["producer"], request(*spans)).status_code == 202
    for name in (*RATED, "failed 1"):
        said = {"rating": "down", "comment": f"no {name}", "trace_id": trace_id(name)}
        assert call("POST", "/v1/feedback", alice.keys["feedback"], said).status_code == 202
    return diagnose(call, alice)


def by_signal(packet: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The issues by signal."""
    return {issue["signal_type"]: issue for issue in packet["issues"]}


def test_an_issue_of_ratings_counts_what_was_rated(packet: dict[str, Any]) -> None:
    issue = by_signal(packet)["user_signal"]

    assert issue["traces"] == [trace_id(name) for name in (*RATED, "failed 1")]
    assert issue["ratings"] == {"bad": 6, "all": 6, "pending": 0}
    wanted = {
        "records": 6,
        "operation_records": 6,
        "share_of": "ratings",
        "traces": 6,
        "sessions": 6,
        "users": 2,
    }
    assert {name: issue["impact"][name] for name in wanted} == wanted


def rated(alice: MintedProject, call: Callable[..., Any], comments: list[str]) -> str:
    """The title of the issue of bad ratings with these comments; "": none."""
    for number, comment in enumerate(comments):
        said = {
            "rating": "down",
            "session_id": f"s{number}",
            "time": (AT + timedelta(seconds=number)).isoformat(),
        }
        said |= {"comment": comment} if comment else {}
        assert call("POST", "/v1/feedback", alice.keys["feedback"], said).status_code == 202
    return str(by_signal(diagnose(call, alice))["user_signal"]["title"])


@pytest.mark.parametrize(
    ("comments", "title"),
    [
        (["too slow"], "user_feedback: too slow"),
        (["too slow", "too slow"], "user_feedback: too slow"),
        (["too slow", "", "rude", "too slow"], "user_feedback: 3 different texts, the first: too slow"),
        (["rude " * 90, "slow"], "user_feedback: 2 different texts, the first: rude rude"),
    ],
)
def test_the_title_of_ratings_says_how_many_comments_there_are(
    alice: MintedProject, call: Callable[..., Any], comments: list[str], title: str
) -> None:
    assert rated(alice, call, comments).startswith(title)


def test_of_more_ratings_than_are_read_the_title_says_a_least_number(
    alice: MintedProject, call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_choice, "SAMPLE", 2)

    title = rated(alice, call, [f"no {number}" for number in range(9)])

    assert title == "user_feedback: at least 4 different texts, the first: no 0"


def test_issues_and_complaints_about_the_same_traces_name_each_other(packet: dict[str, Any]) -> None:
    issues = by_signal(packet)
    ids = {signal: issue["cluster_id"] for signal, issue in issues.items()}

    assert issues["user_signal"]["shared_traces"] == [
        {"cluster_id": ids["repeated_call"], "signal_type": "repeated_call", "traces": 5, "of_traces": 5},
        {"cluster_id": ids["error"], "signal_type": "error", "traces": 1, "of_traces": 3},
    ]
    complaint = {"cluster_id": ids["user_signal"], "signal_type": "user_signal", "of_traces": 6}
    assert issues["repeated_call"]["shared_traces"] == [complaint | {"traces": 5}]
    assert issues["error"]["shared_traces"] == [complaint | {"traces": 1}]


def test_a_share_of_ratings_raises_no_severity_and_is_no_share_of_an_operation(
    packet: dict[str, Any],
) -> None:
    issue = by_signal(packet)["user_signal"]

    assert issue["severity"] == "low"
    assert "of the operation" not in issue["severity_reason"]


def test_a_share_of_answers_is_rated_down_and_does_not_fail(alice: MintedProject, call: Any) -> None:
    event = {"name": "user_feedback", "timeUnixNano": "1", "attributes": key_values({"score": 0})}
    spans = [span("answer", trace=n, at=AT, events=[event] if n < 5 else []) for n in range(10)]
    call("POST", "/v1/traces", alice.keys["producer"], request(*spans))

    [issue] = diagnose(call, alice)["issues"]

    assert issue["ratings"] is None
    assert "+1: 50% of the operation is rated down" in issue["severity_reason"]


def test_the_plan_sends_its_reader_to_what_was_rated(packet: dict[str, Any]) -> None:
    plan = by_signal(packet)["user_signal"]["patch_plan"]
    text = " ".join(step["detail"] for step in plan["steps"])

    assert f"trace_id={trace_id('run 0')}" in text
    assert "5 of the 6 rated traces" in text
    assert "Find the code of" not in text
    assert "6 of 6 ratings" in plan["verify"]


def test_pages_show_the_rated_trace_and_the_link(
    packet: dict[str, Any], alice: MintedProject, call: Any
) -> None:
    issues, browser = by_signal(packet), browser_of(alice)
    record = issues["user_signal"]["evidence_ids"][0]

    trace = browser.get(f"/dashboard/records/{record}/trace").content.decode()
    repeated = browser.get(f"/dashboard/issues/{issues['repeated_call']['cluster_id']}").content.decode()
    report = call("GET", "/v1/reports/latest.md", alice.keys["agent"]).content.decode()

    assert "Spans 1 to 4 of 4" in trace
    assert "execute_tool search" in trace
    assert f"users rated 5 of its 5 traces down: {issues['user_signal']['cluster_id']}" in repeated
    assert "6 of 6 ratings are bad" in report
    assert f"5 of its 6 rated traces have the failure {issues['repeated_call']['cluster_id']}" in report


def test_links_are_bounded_and_lead_with_most_traces() -> None:
    rated = IssueTraces("complaint", "user_signal", [bytes([n]) for n in range(40)])
    failures = [
        IssueTraces(f"failure {n:02}", "error", [bytes([each]) for each in range(n + 1)]) for n in range(20)
    ]
    apart = IssueTraces("apart", "error", [b"apart"])

    found = shared_traces([rated, *failures, apart])

    assert len(found["complaint"]) == MOST
    assert found["complaint"][0] == SharedTraces("failure 19", "error", 20, 20)
    assert found["failure 03"] == (SharedTraces("complaint", "user_signal", 4, 40),)
    assert found["apart"] == ()
