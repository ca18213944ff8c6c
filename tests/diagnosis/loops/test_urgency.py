"""The measure of the queue, by numbers that were worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from diagnosis.loops import urgency
from diagnosis.models import Loop, Severity
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.dashboard_client import diagnose, send


def impact(**counts: int) -> dict[str, Any]:
    """12 failures of 3 users with 40,000 tokens."""
    return {"records": 12, "users": 3, "sessions": 5, "tokens": 40_000} | counts


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (1440, (12, 3, 40_000)),
        (360, (48, 12, 160_000)),
        (2880, (6, 1.5, 20_000)),
        (60, (288, 72, 960_000)),
        (1, (288, 72, 960_000)),
    ],
)
def test_a_window_is_counted_as_a_day_and_a_short_one_as_an_hour(
    minutes: int, expected: tuple[float, float, float]
) -> None:
    daily = urgency.cost(impact(), minutes)

    assert (daily.failures_a_day, daily.people_a_day, daily.tokens_a_day) == expected


def test_where_nobody_names_users_sessions_are_the_people() -> None:
    assert urgency.cost(impact(users=0), 1440).people_a_day == 5


def test_an_old_issue_that_knows_no_tokens_has_a_cost() -> None:
    assert urgency.cost({"records": 2, "users": 0, "sessions": 1}, 1440) == urgency.CostOfWaiting(2, 1, 0)


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
    assert urgency.urgency(urgency.cost(impact(), 1440), severity, trend) == expected


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
    assert (found.trend, found.failures_a_day, found.people_a_day) == ("unclear", 24, 24)
    assert found.urgency == urgency.urgency(urgency.CostOfWaiting(24, 24, 0), found.severity, "unclear")
    assert found.waiting_since == found.created_at
    assert found.first_seen_at is not None
    assert found.first_seen_at == found.last_seen_at
