"""Other log records are kept as context of their trace for as many days as the project says, and are no records."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from diagnosis import periodic_jobs
from diagnosis.context_erasure import projects_with_context
from telemetry.ingest import ingest_logs
from telemetry.models import ContextLog, Record
from telemetry.otlp.decode import Encoding
from telemetry.reads.one_trace import context_logs as shown_logs
from telemetry.spans import context_log
from telemetry.store import context_logs
from telemetry.store.batch import Receipt
from tenants.keys.provisioning import MintedProject
from tenants.models import Project
from tenants.stores.binding import bind
from tests.diagnosis.dashboard_client import browser_of
from tests.telemetry.factory import minutes, span, span_id, store, trace_id
from tests.telemetry.log_requests import log, logs_request, protobuf_logs
from tests.telemetry.logs.joined_stores import tallies

NOW = timezone.now() - timedelta(minutes=5)
SECRET = "sk-proj-c4nARYbB3dE5gH7jK9mN1pQ3sT5vW7xY9z"
OF_TRACE = {"traceId": trace_id("t"), "spanId": span_id("root")}
HOSTILE = "<script>alert(1)</script>"
Make = Callable[..., MintedProject]


@pytest.fixture
def keeping(make_project: Make) -> MintedProject:
    """A project that keeps other log records for a week."""
    return make_project("keeping", quota_spans=None, context_log_days=7, has_context_logs=True)


def said(body: Any = "charging card", **more: Any) -> dict[str, Any]:
    """A log record of the trace that is neither an event nor a failure."""
    return log(at=NOW, body=body, severityNumber=9, severityText="INFO", **{**OF_TRACE, **more})


def send(minted: MintedProject, *made: dict[str, Any], now: datetime = NOW) -> Receipt:
    """Ingest the log records, in one request."""
    with bind(minted.project):
        return ingest_logs(protobuf_logs(logs_request(*made)), Encoding.PROTOBUF, now)


def stored(minted: MintedProject) -> list[str]:
    """The messages that are kept of the trace."""
    with bind(minted.project):
        return [one.message for one in shown_logs.context_of([bytes.fromhex(trace_id("t"))]).logs]


def session(call: Any, minted: MintedProject, more: str = "") -> dict[str, Any]:
    """The trace as agents read it."""
    answer = call("GET", f"/v1/sessions/{trace_id('t')}?since_minutes=60{more}", minted.keys["agent"])
    assert answer.status_code == 200
    return dict(answer.json())


def test_by_default_they_are_counted_and_not_kept(make_project: Make) -> None:
    minted = make_project("acme", quota_spans=None)

    receipt = send(minted, said())

    assert (receipt.accepted, stored(minted), tallies(minted.project)) == (0, [], {"other_logs": 1})


def test_they_are_kept_once_and_counted_against_the_quota(keeping: MintedProject) -> None:
    first, again = send(keeping, said(), said("b")), send(keeping, said())

    assert (first.accepted, again.accepted, again.duplicates) == (2, 0, 1)
    assert stored(keeping) == ["charging card", "b"] or stored(keeping) == ["b", "charging card"]
    assert tallies(keeping.project) == {"context_log": 2, "duplicate": 1}
    with bind(keeping.project):
        assert Record.objects.count() == 0


@pytest.mark.parametrize(
    "other",
    [
        log(at=NOW, body="no trace"),
        log("gen_ai.user.message", at=NOW, attributes={"content": "hi"}, traceId=trace_id("t")),
        log(at=NOW, body="a failure", severityNumber=17, **OF_TRACE),
        log("claude_code.user_prompt", at=NOW, attributes={"session.id": "s"}, traceId=trace_id("t")),
    ],
)
def test_what_is_no_context_of_a_trace_is_none(keeping: MintedProject, other: dict[str, Any]) -> None:
    send(keeping, other)

    with bind(keeping.project):
        assert ContextLog.objects.count() == 0


def test_a_used_up_quota_and_a_full_trace_keep_no_more(
    make_project: Make, keeping: MintedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = make_project("small", quota_spans=2, context_log_days=7)
    monkeypatch.setattr(context_logs, "MOST_OF_TRACE", 3)
    made = [said(f"line {number}") for number in range(4)]

    over, full = send(small, *made), send(keeping, *made)

    assert (over.accepted, over.rejected) == (2, Counter(over_quota=2))
    assert (full.accepted, full.rejected) == (3, Counter())
    assert tallies(keeping.project) == {"context_log": 3, "other_logs": 1}


def test_secrets_are_replaced_and_what_is_long_is_cut(keeping: MintedProject) -> None:
    attributes = {
        "api_key": "hunter2",
        f"x.{SECRET}": 1,
        "long": "y" * 300,
        **{f"n{n}": n for n in range(30)},
    }
    send(keeping, log(at=NOW, body=f"key {SECRET} {'z ' * 5000}", attributes=attributes, **OF_TRACE))

    with bind(keeping.project):
        [content] = ContextLog.objects.values_list("content", flat=True)
        [shown] = shown_logs.context_of([bytes.fromhex(trace_id("t"))]).logs
    assert b"c4nARYbB3dE5" not in bytes(content)
    assert b"hunter2" not in bytes(content)
    assert shown.message.startswith("key [redacted] z")
    assert len(shown.message) == 1_000
    assert len(shown.attributes) == 20
    assert len(shown.attributes["long"]) == 200


def test_the_attributes_of_a_large_one_are_dropped(
    keeping: MintedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context_log, "MOST_BYTES", 200)

    send(keeping, log(at=NOW, body="large", attributes={"a": "x" * 300}, **OF_TRACE), said("small"))

    with bind(keeping.project):
        attributes = {
            one.message: one.attributes for one in shown_logs.context_of([bytes.fromhex(trace_id("t"))]).logs
        }
    assert attributes == {"large": {}, "small": {}}


def test_agents_read_the_first_of_them_with_the_trace(
    keeping: MintedProject, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shown_logs, "MOST_SHOWN", 2)
    store(keeping.project, [span(trace="t", id=each, at=NOW) for each in ("root", "a", "b")], NOW)
    made = [
        said(f"line {n}", timeUnixNano=str(int((NOW + timedelta(seconds=n)).timestamp()) * 10**9))
        for n in range(3)
    ]
    send(keeping, *made)

    first = session(call, keeping, "&limit=2")
    second = session(call, keeping, f"&limit=2&cursor={first['next_cursor']}")

    logs = first["context_logs"]
    assert (logs["total"], [one["message"] for one in logs["first"]]) == (3, ["line 0", "line 1"])
    assert logs["first"][0] | {"time": ""} == {
        "trace_id": trace_id("t"), "span_id": span_id("root"), "time": "", "service": "shop", "severity": "info",
        "name": "app", "message": "line 0", "attributes": {},
    }  # fmt: skip
    assert "context_logs" not in second


def test_another_project_sees_none_of_them(keeping: MintedProject, make_project: Make, call: Any) -> None:
    other = make_project("other", quota_spans=None, context_log_days=7)
    for minted in (keeping, other):
        store(minted.project, [span(trace="t", id="root", at=NOW)], NOW)
    send(keeping, said("of keeping"))

    assert "context_logs" not in session(call, other)
    assert "of keeping" in json.dumps(session(call, keeping))
    assert (
        "of keeping"
        not in browser_of(other)
        .get(f"/dashboard/records/rec_{trace_id('t')}{span_id('root')}/trace")
        .content.decode()
    )


def test_the_page_of_the_trace_shows_them(keeping: MintedProject, make_project: Make) -> None:
    path = f"/dashboard/records/rec_{trace_id('t')}{span_id('root')}/trace"
    plain = make_project("plain", quota_spans=None)
    for minted in (keeping, plain):
        store(minted.project, [span(trace="t", id="root", at=NOW)], NOW)
        send(minted, said(f"charging {HOSTILE}"))

    page, other = (browser_of(minted).get(path).content.decode() for minted in (keeping, plain))

    assert "charging &lt;script&gt;" in page
    assert HOSTILE not in page
    assert "kept for 7 days" in page
    assert "Logs of the trace" not in other


def test_they_are_erased_when_their_days_are_over(keeping: MintedProject) -> None:
    for day in range(10):
        send(keeping, said(f"day {day}"), now=NOW + timedelta(days=day))

    periodic_jobs.run_all_jobs(lambda: NOW + timedelta(days=10), lambda: True)

    assert sorted(stored(keeping)) == [f"day {day}" for day in range(3, 10)]


def test_all_are_erased_where_the_project_keeps_none_any_more(
    keeping: MintedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context_logs, "ERASED_AT_ONCE", 2)
    send(keeping, *(said(f"line {number}") for number in range(5)))
    Project.objects.filter(pk=keeping.project.pk).update(context_log_days=0)
    fresh = Project.objects.get(pk=keeping.project.pk)

    for _ in range(2):
        assert keeping.project.pk in projects_with_context().values_list("pk", flat=True)
        periodic_jobs.run_all_jobs(lambda: NOW + minutes(1), lambda: True)

    assert stored(keeping) == []
    assert fresh.pk not in projects_with_context().values_list("pk", flat=True)


def test_one_that_a_damaged_store_cannot_give_is_left_out(keeping: MintedProject, caplog: Any) -> None:
    send(keeping, said("whole"), said("broken"))
    with bind(keeping.project):
        broken = next(row for row in ContextLog.objects.all() if b"broken" in bytes(row.content))
        ContextLog.objects.filter(trace_id=broken.trace_id, log_id=broken.log_id).update(content=b"\xff\xff")

    assert stored(keeping) == ["whole"]
    assert "a log record cannot be read" in caplog.text
