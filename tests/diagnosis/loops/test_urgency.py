"""The measure of the queue, by numbers that were worked out by hand."""

from __future__ import annotations

import pytest

from diagnosis.loops import urgency
from diagnosis.models import Loop, Severity
from diagnosis.window.seen_failures import SeenFailures
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.dashboard_client import diagnose, send

SEEN = SeenFailures(failures=12, users=3, sessions=5, tokens=40_000, seconds=20)


def test_the_harm_is_what_was_seen_and_nothing_is_multiplied_up() -> None:
    harm = urgency.harm_of(SEEN)

    assert (harm.failures_seen, harm.people_seen, harm.tokens_seen, harm.seen_seconds) == (12, 3, 40_000, 20)
    assert harm.harm == 12 + 10 * 3 + 4


def test_where_nobody_names_users_sessions_are_the_people() -> None:
    assert urgency.harm_of(SEEN._replace(users=0)).people_seen == 5


def test_what_has_no_place_in_the_store_is_what_its_issue_shows() -> None:
    issue = {
        "impact": {"records": 2, "users": 0, "sessions": 1},
        "first_seen": "2026-05-04T12:00:00Z",
        "last_seen": "2026-05-04T12:01:00Z",
    }

    assert urgency.shown_by(issue) == SeenFailures(2, 0, 1, 0, 60)


@pytest.mark.parametrize(
    ("severity", "trend", "expected"),
    [
        (Severity.LOW, "steady", 46),  # 12 + 10 x 3 + 40,000 / 10,000
        (Severity.MEDIUM, "falling", 69),
        (Severity.HIGH, "new", 690),
        (Severity.CRITICAL, "rising", 2760),
        (Severity.LOW, "", 46),
    ],
)
def test_urgency_is_harm_times_severity_times_trend(severity: int, trend: str, expected: float) -> None:
    assert urgency.urgency(urgency.harm_of(SEEN), severity, trend) == expected


def test_the_rule_names_every_weight() -> None:
    for claim in (
        "person hit as 10",
        "10,000 tokens as 1",
        "low weighs 1,",
        "critical weighs 30",
        "rising 2.",
    ):
        assert claim in urgency.RULE


def test_a_diagnosis_writes_the_measure_beside_the_issue(alice: MintedProject) -> None:
    send(alice)

    loop = diagnose(alice)

    found = Loop.objects.get(pk=loop.pk)
    assert (found.trend, found.failures_seen, found.people_seen, found.users_seen) == ("unclear", 1, 1, 0)
    assert found.urgency == urgency.urgency(urgency.SeenHarm(1, 1, 0, 0, 0), found.severity, "unclear")
    assert found.waiting_since == found.created_at
    assert found.first_seen_at is not None
    assert found.first_seen_at == found.last_seen_at
