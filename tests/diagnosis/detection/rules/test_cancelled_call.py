"""Calls that callers cancel: when they are an issue, when not, and whether a fix held."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from diagnosis.detection.rules.cancelled_call import risen_operations
from diagnosis.diagnose import diagnose
from diagnosis.models import Loop
from diagnosis.packets.publishing import packet_as_answered
from diagnosis.verification.verify import verify
from diagnosis.window.traffic import ServiceOperation
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tests.telemetry.factory import span, store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
STOPPED = "context canceled"
LATE = "context deadline exceeded"


def traffic(minute: int, cancelled: int = 0, error: str = STOPPED, calls: int = 40) -> list[dict[str, Any]]:
    """The requests of one minute, each with a query; so many of them end with the error, and so does their query."""
    found: list[dict[str, Any]] = []
    for n in range(calls):
        at, name = NOW - timedelta(minutes=minute, seconds=-n), f"{minute}-{n}"
        ended = error if n < cancelled else ""
        found.append(span("GET /report", trace=name, at=at, id=name, duration_ms=900, kind=2, error=ended))
        later = at + timedelta(milliseconds=5)
        found.append(span("SELECT rows", trace=name, at=later, id=f"{name}q", parent=name, error=ended))
    return found


def issues(alice: MintedProject, *minutes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a diagnosis of the last two minutes finds, against the two before."""
    for spans in minutes:
        store(alice.project, spans, NOW)
    return list(packet_as_answered(diagnose(alice.project, Window.ending(NOW, 2), NOW))["issues"])


def test_an_operation_that_callers_cancel_more_often_is_one_issue(alice: MintedProject) -> None:
    [issue] = issues(alice, traffic(3, cancelled=1), traffic(1, cancelled=16))

    assert (issue["signal_type"], issue["operation"], issue["severity"]) == (
        "cancelled_call",
        "GET /report",
        "high",
    )
    assert issue["message"] == "callers cancel it after 900.0 ms (median): 16 of 40 calls, before 1 of 40"
    assert (issue["count"], issue["impact"]["operation_records"]) == (16, 40)
    assert (issue["trend"], issue["echoes"]["operations"]) == ("rising", ["SELECT rows"])
    assert len(issue["evidence_ids"]) == 5


QUIET = {
    "as many as before": (traffic(3, cancelled=16), traffic(1, cancelled=16)),
    "more traffic": (traffic(3, cancelled=4, calls=20), traffic(1, cancelled=8)),
    "a few": (traffic(3), traffic(1, cancelled=4)),
    "nothing ran before": (traffic(1, cancelled=16),),
}


@pytest.mark.parametrize("minutes", QUIET.values(), ids=list(QUIET))
def test_what_only_looks_like_it_is_quiet(
    alice: MintedProject, minutes: tuple[list[dict[str, Any]], ...]
) -> None:
    assert issues(alice, *minutes) == []


def test_a_deadline_of_the_service_is_a_failure_at_once(alice: MintedProject) -> None:
    [issue] = issues(alice, traffic(1, cancelled=1, error=LATE))

    assert (issue["signal_type"], issue["operation"]) == ("error", "SELECT rows")


def test_a_cancelled_call_is_no_failure_of_its_session_and_no_failing_record(
    alice: MintedProject, call: Any
) -> None:
    store(alice.project, traffic(1, cancelled=2, calls=3), NOW)
    read = "/v1/telemetry?since_minutes=60&until=2026-11-21T12:00:00Z&limit=50"

    failing = call("GET", f"{read}&outcome=failure", alice.keys["agent"]).json()
    all_records = call("GET", read, alice.keys["agent"]).json()["records"]

    assert failing["records"] == []
    assert [row["signal_type"] for row in all_records].count("cancelled_call") == 4


def test_the_share_has_to_grow_beyond_chance_and_by_much() -> None:
    place = ServiceOperation("shop", "GET /")

    def rose(now: tuple[int, int], before: tuple[int, int]) -> bool:
        counts = ({place: now[0]}, {place: before[0]}, {place: now[1]}, {place: before[1]})
        return bool(risen_operations(*counts))

    assert rose((40, 1_000_000 // 100), (0, 10_000)) is False  # 0.4 %
    assert rose((5, 20), (1, 20)) is False  # chance
    assert rose((400, 10_000), (100, 10_000)) is True
    assert rose((150, 10_000), (100, 10_000)) is False  # not twice


@pytest.mark.parametrize(("cancelled", "verdict"), [(0, "held"), (16, "unchanged")])
def test_a_fix_is_verified_in_the_traces_that_ran_the_operation(
    alice: MintedProject, cancelled: int, verdict: str
) -> None:
    [issue] = issues(alice, traffic(3), traffic(1, cancelled=16))
    Loop.objects.filter(loop_id=issue["loop_id"]).update(state=Loop.State.SHIPPED, shipped_at=NOW)
    for minute in range(-12, 0):
        store(alice.project, traffic(minute, cancelled), NOW)

    found = verify(Loop.objects.get(loop_id=issue["loop_id"]), NOW + timedelta(minutes=15))

    assert found.verdict == verdict, found.document["reason"]
