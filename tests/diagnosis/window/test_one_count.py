"""A failure that passes through its caller counts once, wherever the number of its cluster is shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from diagnosis.diagnose import diagnose
from diagnosis.evidence_view import timeline
from diagnosis.loops import growth, lifecycle
from diagnosis.models import Decision, Loop
from diagnosis.verification import baseline, verify
from diagnosis.window import cluster_counts
from telemetry.models import Record
from telemetry.reads import cluster_failures
from telemetry.windows import Window, rfc3339, unix_nano
from tenants.keys.provisioning import MintedProject
from tenants.models import Project
from tenants.stores.binding import bind
from tests.telemetry.factory import span, store

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
BROKEN = "the payment provider answered nothing"
HOUR = Window.ending(NOON, 60)


def checkouts(
    start: datetime, number: int, failing: Sequence[int], cause: str = BROKEN
) -> list[dict[str, Any]]:
    """So many requests, a second apart; of those that fail, the call inside and the request itself are marked."""
    spans = []
    for count in range(number):
        trace, at = f"{start}{count}", start + timedelta(seconds=count)
        error = cause if count in failing else ""
        spans += [
            span("POST /checkout", trace=trace, id=f"{trace}a", at=at, error=error),
            span(
                "POST pay",
                trace=trace,
                id=f"{trace}b",
                parent=f"{trace}a",
                at=at + timedelta(milliseconds=1),
                error=error,
            ),
        ]
    return spans


@pytest.fixture
def project(alice: MintedProject) -> Project:
    """64 checkouts of which 3 failed, in the hour before noon."""
    store(alice.project, checkouts(NOON - timedelta(minutes=30), 64, [7, 20, 50]), NOON)
    return alice.project


@pytest.fixture
def loop(project: Project) -> Loop:
    """The loop of what failed, as the diagnosis of that hour proposed it."""
    diagnose(project, HOUR, NOON)
    return Loop.objects.get()


def test_the_records_of_a_failure_share_their_cluster(project: Project) -> None:
    with bind(project):
        failed = Record.objects.filter(fingerprint__isnull=False)

        assert (failed.count(), failed.values("fingerprint").distinct().count()) == (6, 1)
        assert list(cluster_failures.numbers(HOUR, [failed[0].fingerprint]).values()) == [3]


def test_an_issue_is_first_seen_where_its_failure_began(loop: Loop) -> None:
    first = NOON - timedelta(minutes=30) + timedelta(seconds=7, milliseconds=1)

    assert loop.issue["first_seen"] == rfc3339(first)


def test_a_fix_is_measured_against_what_the_issue_counts(loop: Loop) -> None:
    counted = baseline.baseline(loop, NOON)

    assert (counted["failures"], counted["exposure"], counted["operations"]) == (3, 64, ["POST pay"])
    assert (loop.issue["count"], loop.issue["impact"]["operation_records"]) == (3, 64)


def test_a_verification_counts_failures_and_not_what_they_caused(project: Project, loop: Loop) -> None:
    Loop.objects.update(state=Loop.State.SHIPPED, shipped_at=NOON)
    loop.refresh_from_db()
    later = NOON + timedelta(hours=1)
    store(project, checkouts(NOON + timedelta(minutes=5), 80, [3, 4]), later)

    found = verify.verify(loop, later).document

    assert (found["before"]["failures"], found["before"]["exposure"]) == (3, 64)
    assert (found["after"]["failures"], found["after"]["exposure"]) == (2, 80)
    assert found["before"]["counted"] == found["after"]["counted"] == "failures"
    assert len(found["evidence_ids"]) == 2
    assert found["operation"] == "POST pay"


def test_a_baseline_of_an_earlier_version_is_counted_again(project: Project, loop: Loop) -> None:
    earlier = baseline.baseline(loop, NOON) | {"failures": 6, "exposure": 128}
    del earlier["counted"]
    Loop.objects.update(state=Loop.State.SHIPPED, shipped_at=NOON, baseline=earlier)
    loop.refresh_from_db()

    before = verify.verify(loop, NOON + timedelta(hours=1)).document["before"]

    assert (before["failures"], before["exposure"], before["counted"]) == (3, 64, "failures")


def test_a_baseline_of_an_earlier_version_stays_where_its_records_are_gone(loop: Loop) -> None:
    earlier = baseline.baseline(loop, NOON) | {"failures": 6, "exposure": 128}
    del earlier["counted"]
    earlier["window"] = {"start": "2026-01-01T00:00:00.000000Z", "end": rfc3339(NOON - timedelta(days=20))}
    shipped = NOON - timedelta(days=20)
    Loop.objects.update(state=Loop.State.SHIPPED, shipped_at=shipped, baseline=earlier)
    loop.refresh_from_db()

    before = verify.verify(loop, NOON).document["before"]

    assert (before["failures"], before["exposure"]) == (6, 128)
    assert before["counted"] == "failures with what they caused"


def test_the_timeline_and_the_issue_have_the_same_numbers(project: Project, loop: Loop) -> None:
    with bind(project):
        course = timeline.read_timeline(loop)

    assert course
    assert (course.now.failures, course.now.ran) == (3, 64)
    assert sum(part.failures for part in course.parts) == 3


def test_a_trend_compares_failures_and_not_what_they_caused(project: Project) -> None:
    store(project, checkouts(NOON - timedelta(minutes=90), 64, range(12)), NOON)

    issue = diagnose(project, HOUR, NOON).document["issues"][0]

    assert (issue["count"], issue["trend"]) == (3, "falling")


def test_a_rejected_failure_grows_by_its_failures(project: Project, loop: Loop) -> None:
    store(project, checkouts(NOON - timedelta(minutes=90), 64, range(40)), NOON)
    longer = Window.ending(NOON, 120)
    window = {"start": rfc3339(longer.start_unix_nano), "end": rfc3339(longer.end_unix_nano)}
    rejected = Decision(times=2, numbers={"failures": 1, "users": 0, "window": window})

    with bind(project):
        found = growth.growth_past_rejection(rejected, loop.issue, HOUR, lifecycle.loop_fingerprint(loop))

    assert found
    assert found.failures == 43


def test_what_rose_meanwhile_is_named_by_what_failed_inside(project: Project, loop: Loop) -> None:
    Loop.objects.update(state=Loop.State.SHIPPED, shipped_at=NOON, operation="POST /checkout")
    loop.refresh_from_db()
    later = NOON + timedelta(hours=1)
    spans = checkouts(NOON + timedelta(minutes=5), 300, range(0, 300, 4), cause="the invoice has no number")
    store(project, spans, later)
    with bind(project):
        moved = cluster_counts.other_clusters(
            Window(unix_nano(NOON), unix_nano(later)), baseline.target(loop, frozenset())
        )

    assert list(moved.values()) == [75]
