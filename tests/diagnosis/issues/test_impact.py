"""Severity follows from the worst record, the share of the operation and the people hit, and says so."""

from __future__ import annotations

import pytest

from diagnosis.detection.found_cluster import Cluster
from diagnosis.issues.extents import extent_of_cluster
from diagnosis.issues.impact import Impact, grade, measure_impact
from diagnosis.models import Severity
from diagnosis.window.failing_records import Identity
from tests.diagnosis.failing_records import failing


def impact(**numbers: float) -> Impact:
    """An impact where nothing is large."""
    facts = {"records": 1, "traces": 1, "sessions": 1, "users": 0, "operation_records": 100, "share": 0.01}
    return Impact(**facts | numbers)


def test_people_are_counted_once() -> None:
    records = [failing("a", trace="one"), failing("b", trace="one"), failing("a", trace="two")]
    people = {record.trace_id: Identity("chat-1", "user-1") for record in records}

    measured = measure_impact(extent_of_cluster(Cluster(7, records), people), operation_records=30)

    assert measured == Impact(records=3, traces=2, sessions=1, users=1, operation_records=30, share=0.1)


def test_users_that_nobody_named_are_not_counted() -> None:
    record = failing("a")

    extent = extent_of_cluster(Cluster(7, [record]), {record.trace_id: Identity("chat-1", "")})

    measured = measure_impact(extent, operation_records=1)

    assert (measured.sessions, measured.users) == (1, 0)


@pytest.mark.parametrize(
    ("worst", "numbers", "expected"),
    [
        ("low", {}, Severity.LOW),
        ("medium", {}, Severity.MEDIUM),
        ("high", {}, Severity.HIGH),
        ("medium", {"share": 0.5, "records": 5}, Severity.HIGH),
        ("medium", {"share": 0.5, "records": 4}, Severity.MEDIUM),
        ("medium", {"share": 0.5, "records": 50, "sessions": 10}, Severity.CRITICAL),
        ("high", {"share": 0.5, "records": 50, "sessions": 10}, Severity.CRITICAL),
    ],
)
def test_severity_goes_up_by_steps(worst: str, numbers: dict[str, float], expected: Severity) -> None:
    graded = grade({worst}, impact(**numbers))

    assert graded.severity == expected
    assert graded.reason.startswith(expected.label)


@pytest.mark.parametrize(("moves", "severity"), [("new", Severity.MEDIUM), ("rising", Severity.HIGH)])
def test_a_rate_that_rises_is_worse_and_the_reason_says_so(moves: str, severity: Severity) -> None:
    graded = grade({"medium"}, impact(), moves)

    assert graded.severity == severity
    assert ("rate rises" in graded.reason) == (moves == "rising")


def test_many_users_count_and_are_told() -> None:
    graded = grade({"medium"}, impact(sessions=12, users=9))

    assert (
        graded.reason == "high (medium: the worst of its records and the downstream failures around them; "
        "+1: 12 sessions of 9 users are hit)"
    )


def test_a_downstream_failure_at_the_edge_of_the_service_counts_as_the_worst_record() -> None:
    cluster = Cluster(7, [failing("a")], downstream=[failing("root", severity="high")])

    assert grade(extent_of_cluster(cluster, {}).severities, impact()).severity == Severity.HIGH


def test_the_tokens_of_each_trace_are_counted_once() -> None:
    records = [failing("a", trace="one"), failing("b", trace="one"), failing("a", trace="two")]
    people = {record.trace_id: Identity("chat-1", "user-1", tokens=700) for record in records}

    assert measure_impact(extent_of_cluster(Cluster(7, records), people), operation_records=30).tokens == 1400
