"""Calls that an operation leaves out: when they are an issue, when not, and whether a fix held."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from diagnosis.diagnose import diagnose
from diagnosis.models import Loop
from diagnosis.packets.publishing import packet_as_answered
from diagnosis.verification.verify import verify
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tests.telemetry.factory import span, store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
USUAL = ("read cart", "read prices", "read ads")


def traffic(
    minute: int, calls: tuple[str, ...] = USUAL, error: str = "", every: int = 1
) -> list[dict[str, Any]]:
    """40 requests of one minute; every so many make these calls, the others the usual ones."""
    found: list[dict[str, Any]] = []
    for n in range(40):
        at, name = NOW - timedelta(minutes=minute, seconds=-n), f"{minute}-{n}"
        made = USUAL if n % every else calls
        found.append(span("GET /cart", trace=name, at=at, id=name, duration_ms=20, error=error))
        found += [
            span(call, trace=name, at=at + timedelta(milliseconds=k + 1), id=f"{name}{call}", parent=name)
            for k, call in enumerate(made)
        ]
    return found


def issues(alice: MintedProject, *minutes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a diagnosis of the last two minutes finds of missing calls, against the two before."""
    for spans in minutes:
        store(alice.project, spans, NOW)
    found = packet_as_answered(diagnose(alice.project, Window.ending(NOW, 2), NOW))["issues"]
    return [issue for issue in found if issue["signal_type"] == "missing_call"]


def test_an_operation_that_returns_early_is_charged_with_the_first_call_it_leaves_out(
    alice: MintedProject,
) -> None:
    [issue] = issues(alice, traffic(3), traffic(1, calls=("read cart",)))

    assert (issue["operation"], issue["count"], issue["trend"]) == ("GET /cart", 40, "new")
    assert issue["message"] == "no longer calls read prices: 40 of 40 traces lack the call, before 0 of 40"
    assert issue["evidence_url"].startswith("/v1/evidence?")


def test_a_request_to_another_service_is_named_by_what_answered_it(alice: MintedProject) -> None:
    def requests(minute: int, is_made: bool) -> None:
        for n in range(40):
            at, name = NOW - timedelta(minutes=minute, seconds=-n), f"{minute}-{n}"
            own = [span("GET /cart", trace=name, at=at, id=name, duration_ms=20)]
            own += [span("GET", trace=name, at=at, id=f"{name}c", parent=name, kind=3)] if is_made else []
            answer = [span("read prices", trace=name, at=at, id=f"{name}s", parent=f"{name}c", kind=2)]
            other = [span("ping", trace=f"{name}p", at=at, id=f"{name}p")]
            store(alice.project, own, NOW)
            store(alice.project, answer if is_made else other, NOW, {"service.name": "prices"})

    requests(3, is_made=True)
    requests(1, is_made=False)

    [issue] = issues(alice)
    assert (
        issue["message"]
        == "no longer calls prices read prices: 40 of 40 traces lack the call, before 0 of 40"
    )


def test_what_a_sample_shows_says_so_with_an_interval_and_the_packet_is_not_complete(
    alice: MintedProject,
) -> None:
    for minute in range(20):
        store(
            alice.project,
            traffic(minute + 1, ("read cart",) if minute < 10 else USUAL, every=1 + minute % 2),
            NOW,
        )

    packet = packet_as_answered(diagnose(alice.project, Window.ending(NOW, 10), NOW))

    [issue] = [issue for issue in packet["issues"] if issue["signal_type"] == "missing_call"]
    impact, sampled = issue["impact"], issue["impact"]["sampled"]
    assert (sampled["traces"], impact["share_of"]) == (400, "traces")
    assert 60 <= sampled["traces_read"] < 400
    assert impact["operation_records"] == sampled["traces_read"]
    assert (
        sampled["records"][0] <= 300 <= sampled["records"][1]
    )  # of 400, in half of the minutes every second
    assert sampled["share"][0] <= 0.75 <= sampled["share"][1]
    assert not packet["completeness"]["complete"]
    assert "looked for in a sample of" in packet["completeness"]["note"]


def test_what_was_found_in_all_traces_is_no_sample(alice: MintedProject) -> None:
    [issue] = issues(alice, traffic(3), traffic(1, calls=("read cart",)))

    assert issue["impact"]["sampled"] is None


QUIET = {
    "the same calls": traffic(1),
    "less traffic": traffic(1)[:40],
    "one in three leaves it out": traffic(1, calls=("read cart",), every=3),
    "another took its place": traffic(1, calls=("read cart", "read prices v2", "read ads")),
    "it fails": traffic(1, calls=("read cart",), error="no prices"),
    "it runs no more": [span("GET /", trace=f"n{n}", at=NOW - timedelta(seconds=50 - n)) for n in range(40)],
}


@pytest.mark.parametrize("now", QUIET.values(), ids=list(QUIET))
def test_what_only_looks_like_it_is_quiet(alice: MintedProject, now: list[dict[str, Any]]) -> None:
    assert issues(alice, traffic(3), now) == []


@pytest.mark.parametrize(("calls", "verdict"), [(USUAL, "held"), (("read cart",), "unchanged")])
def test_a_fix_is_verified_in_the_traces_that_ran_the_operation(
    alice: MintedProject, calls: tuple[str, ...], verdict: str
) -> None:
    [issue] = issues(alice, traffic(3), traffic(1, calls=("read cart",)))
    Loop.objects.filter(loop_id=issue["loop_id"]).update(state=Loop.State.SHIPPED, shipped_at=NOW)
    for minute in range(-12, 0):
        store(alice.project, traffic(minute, calls), NOW)

    found = verify(Loop.objects.get(loop_id=issue["loop_id"]), NOW + timedelta(minutes=15))

    assert found.verdict == verdict, found.document["reason"]
    assert "a failure is such a trace with the missing call." in found.document["reason"]
