"""Whoever finds a feedback key in a public page adds user signals, and changes nothing that a session or a user did."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from telemetry.api import user_signal
from telemetry.grouping.versions import NEWEST
from telemetry.normalise import normalise
from telemetry.otlp.decode import Encoding, decode_spans, parse_export_request
from telemetry.spans.signal_traces import PREFIX
from telemetry.store import segments
from telemetry.store.append import write_batches
from telemetry.store.batch import Batch
from telemetry.store.tallies import OVER_QUOTA
from telemetry.store.transactions import checked_transaction
from telemetry.windows import unix_nano
from tenants.keys.provisioning import MintedProject
from tenants.models import Project
from tenants.stores.binding import bind
from tests.security.approvals.failing_shop import diagnose
from tests.telemetry.factory import request, span, trace_id

APART = ("feedback",)  # the only fact of a session that a signal may change


def work(minted: MintedProject, call: Any, session: str, minutes_ago: int = 30) -> str:
    """Send a trace of two records of the session, one of which fails; returns its trace id."""
    at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    attributes = {"session.id": session, "user.id": f"user of {session}"}
    facts: dict[str, Any] = {"trace": session, "at": at, "attributes": attributes}
    spans = [span("chat", id=f"{session} 1", **facts), span("pay", id=f"{session} 2", error="no", **facts)]
    sent = request(*spans)
    assert call("POST", "/v1/traces", minted.keys["producer"], sent).status_code == 202
    return trace_id(session)


def rate(minted: MintedProject, call: Any, **signal: str) -> None:
    """Send a bad rating with the feedback key, as another user."""
    answer = call(
        "POST", "/v1/feedback", minted.keys["feedback"], {"rating": "down", "user_id": "!mallory"} | signal
    )
    assert answer.status_code == 202


def listed(minted: MintedProject, call: Any, query: str = "") -> list[dict[str, Any]]:
    """The project's sessions without what may change."""
    sessions = call("GET", f"/v1/sessions{query}", minted.keys["agent"]).json()["sessions"]
    return [{name: value for name, value in row.items() if name not in APART} for row in sessions]


def test_signals_change_no_session_and_no_order(alice: MintedProject, call: Any) -> None:
    for number, session in enumerate(("a", "b", "c")):
        work(alice, call, session, minutes_ago=10 + number)
    before = listed(alice, call)

    for session in ("c", "b", "nobody"):
        rate(alice, call, session_id=session)

    assert listed(alice, call) == before
    shown = call("GET", "/v1/sessions", alice.keys["agent"]).json()["sessions"]
    assert {row["session_id"]: row["feedback"] for row in shown} == {"a": 0, "b": 1, "c": 1}


def test_a_session_shows_what_users_said_apart(alice: MintedProject, call: Any) -> None:
    rated = work(alice, call, "a")
    before = call("GET", "/v1/sessions/a", alice.keys["agent"]).json()

    rate(alice, call, session_id="a", comment="useless", feedback_id="1")
    rate(alice, call, trace_id=rated, rating="up", feedback_id="2")

    after = call("GET", "/v1/sessions/a", alice.keys["agent"]).json()
    assert after["session"] == before["session"] | {"feedback": 2}
    assert [row["record_id"] for row in after["records"]] == [row["record_id"] for row in before["records"]]
    said = [(row["rating"], row["comment"], row["trace_id"]) for row in after["feedback"]]
    assert said == [("up", None, rated), ("down", "useless", None)]


def test_feedback_may_come_before_its_trace(alice: MintedProject, call: Any) -> None:
    rate(alice, call, trace_id=trace_id("a"))
    assert listed(alice, call) == []
    work(alice, call, "a")

    [session] = call("GET", "/v1/sessions", alice.keys["agent"]).json()["sessions"]
    assert (session["turns"], session["failures"], session["feedback"]) == (2, 1, 1)


def test_many_signals_are_counted_and_the_newest_shown(
    alice: MintedProject, call: Any, settings: Any
) -> None:
    settings.LOOPKIT_FEEDBACK_RATE = "1000/m"
    work(alice, call, "a")
    before = listed(alice, call)
    for number in range(60):
        rate(alice, call, session_id="a", feedback_id=str(number), comment=f"no {number}")

    page = call("GET", "/v1/sessions/a", alice.keys["agent"]).json()

    assert listed(alice, call) == before
    assert page["session"]["feedback"] == 60
    assert [row["comment"] for row in page["feedback"]] == [f"no {number}" for number in range(59, 39, -1)]


def test_sessions_are_still_found_by_what_users_said(alice: MintedProject, call: Any) -> None:
    for session in ("a", "b"):
        work(alice, call, session)
    [_, before] = listed(alice, call)
    rate(alice, call, session_id=str(before["session_id"]))
    rate(alice, call, session_id="nobody")

    assert listed(alice, call, "?signal_type=user_signal") == [before]


def test_other_failures_keep_their_numbers(alice: MintedProject, call: Any) -> None:
    work(alice, call, "a")
    [before] = diagnose(call, alice)["issues"]

    rate(alice, call, session_id="a")
    rate(alice, call, session_id="nobody")

    issues = diagnose(call, alice)["issues"]
    [error] = [issue for issue in issues if issue["signal_type"] == "error"]
    signals = {issue["service"]: issue for issue in issues if issue["signal_type"] == "user_signal"}
    assert error["impact"] == before["impact"]
    assert {service: issue["impact"]["sessions"] for service, issue in signals.items()} == {
        "shop": 1,
        None: 1,
    }


def test_the_dashboard_counts_them_apart(alice: MintedProject, call: Any) -> None:
    work(alice, call, "a")
    browser = Client()
    browser.post("/dashboard/sign-in", {"agent_key": alice.keys["agent"]})
    before = call("GET", "/v1/dashboard", alice.keys["agent"]).json()
    rate(alice, call, session_id="a", comment="so useless")
    rate(alice, call, session_id="nobody")

    after = call("GET", "/v1/dashboard", alice.keys["agent"]).json()
    page = browser.get("/dashboard/session?session_id=a").content.decode()

    counts = [{name: answer["counts"][name] for name in ("sessions", "traces")} for answer in (before, after)]
    assert counts[0] == counts[1]
    assert "What users said" in page
    assert "so useless" in page
    assert "<dd>2</dd>" in page


def test_signals_leave_the_producer_its_quota(alice: MintedProject, call: Any) -> None:
    Project.objects.filter(pk=alice.project.pk).update(quota_spans=30)
    for number in range(3):
        rate(alice, call, session_id="a", feedback_id=str(number))

    refused = [
        call("POST", "/v1/feedback", alice.keys["feedback"], signal)
        for signal in ({"rating": "up", "session_id": "b"}, {"rating": "down", "trace_id": "a" * 32})
    ]
    again = call(
        "POST",
        "/v1/feedback",
        alice.keys["feedback"],
        {"rating": "down", "user_id": "!mallory", "session_id": "a", "feedback_id": "0"},
    )
    spans = [span("pay", id=str(number), at=datetime.now(UTC)) for number in range(27)]
    sent = call("POST", "/v1/traces", alice.keys["producer"], request(*spans))

    assert [answer.status_code for answer in refused] == [403, 403]
    assert {answer.json()["error"]["code"] for answer in refused} == {"quota_exceeded"}
    assert (again.status_code, again.json()["duplicate"]) == (202, True)
    assert (sent.status_code, sent["X-LoopKit-Accepted"]) == (202, "27")


@pytest.mark.parametrize(("quota", "most"), [(0, 0), (1, 0), (9, 0), (10, 1), (19, 1), (40, 4)])
def test_signals_that_come_at_once_do_not_exceed_their_tenth(
    alice: MintedProject, call: Any, monkeypatch: pytest.MonkeyPatch, quota: int, most: int
) -> None:
    Project.objects.filter(pk=alice.project.pk).update(quota_spans=quota)
    monkeypatch.setattr(user_signal, "check_share", lambda *_: None)  # all were checked before any was stored

    answers = [
        call("POST", "/v1/feedback", alice.keys["feedback"], {"rating": "up", "session_id": str(number)})
        for number in range(most + 3)
    ]
    spans = [span("pay", id=str(number), at=datetime.now(UTC)) for number in range(quota - most)]
    sent = call("POST", "/v1/traces", alice.keys["producer"], request(*spans))

    assert [answer.status_code for answer in answers] == [202] * most + [403] * 3
    assert sent["X-LoopKit-Accepted"] == str(quota - most)


def test_signals_in_one_transaction_do_not_exceed_their_tenth(alice: MintedProject) -> None:
    now = datetime.now(UTC)
    Project.objects.filter(pk=alice.project.pk).update(quota_spans=40)
    alice.project.refresh_from_db()
    batches: list[Batch] = []

    with bind(alice.project):
        for number in range(24):
            said = user_signal.UserSignal("up", session_id=str(number))
            message = user_signal.signal_request(said, *user_signal.signal_identity(said, now))
            rows = [
                normalise(each, NEWEST)
                for each in decode_spans(message.SerializeToString(), are_signals=True).spans
            ]
            parts = list(segments.pack(rows))
            batches.append(Batch(rows, parts, Counter(), Counter(), 40, unix_nano(now), NEWEST.version))
        with checked_transaction():
            receipts = write_batches(batches)

    assert [receipt.accepted for receipt in receipts] == [1] * 4 + [0] * 20
    assert [receipt.rejected for receipt in receipts[4:]] == [Counter({OVER_QUOTA: 1})] * 20


@pytest.mark.parametrize("kind", ["json", "protobuf"])
def test_a_producer_sends_no_signals(alice: MintedProject, call: Any, kind: str) -> None:
    Project.objects.filter(pk=alice.project.pk).update(quota_spans=40)
    forged = [span("pay", id=str(number), at=datetime.now(UTC), error="no") for number in range(6)]
    for number, each in enumerate(forged):
        each["traceId"] = PREFIX.hex() + f"{number:016x}"
    honest = span("pay", id="honest", at=datetime.now(UTC))
    body: Any = request(*forged, honest)
    if kind == "protobuf":
        body = parse_export_request(json.dumps(body).encode(), Encoding.JSON).SerializeToString()

    sent = call(
        "POST", "/v1/traces", alice.keys["producer"], body,
        **{"Content-Type": f"application/{'json' if kind == 'json' else 'x-protobuf'}"},
    )  # fmt: skip

    assert sent["X-LoopKit-Accepted"] == "1"
    ledger = call("GET", "/v1/ledger", alice.keys["agent"]).json()
    reasons = {row["reason"]: row["total"] for row in ledger["entries"]}
    assert reasons["reserved trace_id"] == 6
    for number in range(4):
        rate(alice, call, session_id="a", feedback_id=str(number))
