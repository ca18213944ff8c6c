"""
In which order loops wait for a human, by a measure that explains itself: impact x trend.

    urgency = (failures + 10 x people + tokens / 10,000, each a day) x weight of the severity x weight of the trend

The first factor is what each day of waiting costs, counted in failures. Published: docs/funnel.md#the-queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from diagnosis.models import Severity

DAY_MINUTES = 1440
SHORTEST = 60  # minutes; a shorter window counts as an hour, or one failure in a minute would be 1,440 a day
A_PERSON = 10  # failures: what one person hit weighs
TOKENS = 10_000  # weigh as much as one failure: about what one turn of an agent takes
SEVERITY_WEIGHT = {Severity.LOW: 1.0, Severity.MEDIUM: 3.0, Severity.HIGH: 10.0, Severity.CRITICAL: 30.0}
TREND_WEIGHT = {"falling": 0.5, "steady": 1.0, "new": 1.5, "rising": 2.0}
RULE = (
    "Loops that regressed come first, because a fix was promised and did not hold. Then the harm of a day, times "
    "severity, times trend, because that is what one more day of waiting costs. Harm counts each failure as 1, each "
    f"person hit as {A_PERSON} and {TOKENS:,} tokens as 1; "
    + ", ".join(f"{severity.label} weighs {weight:g}" for severity, weight in SEVERITY_WEIGHT.items())
    + "; "
    + ", ".join(f"{trend} {weight:g}" for trend, weight in TREND_WEIGHT.items())
    + ". All numbers are those of the newest packet that shows the loop, as if every day were like its window."
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one day of waiting costs. People are users, or sessions where nobody names users."""

    failures_a_day: float
    people_a_day: float
    tokens_a_day: float  # of the traces that failed; 0 where no record tells

    @property
    def harm(self) -> float:
        """All of it, counted in failures."""
        return self.failures_a_day + A_PERSON * self.people_a_day + self.tokens_a_day / TOKENS


def cost(impact: Mapping[str, Any], window_minutes: int) -> Cost:
    """An issue's impact in its window, for a day."""
    days = max(window_minutes, SHORTEST) / DAY_MINUTES
    people = impact.get("users") or impact.get("sessions") or 0
    counts = impact.get("records") or 0, people, impact.get("tokens") or 0
    return Cost(*(round(count / days, 2) for count in counts))


def urgency(daily: Cost, severity: int, trend: str) -> float:
    """The measure: the larger, the sooner a human should look."""
    return round(daily.harm * SEVERITY_WEIGHT[Severity(severity)] * TREND_WEIGHT.get(trend, 1.0), 2)


def columns(issue: Mapping[str, Any], severity: int, window_minutes: int) -> dict[str, Any]:
    """What a loop keeps of an issue so that the queue sorts and shows it without reading the document."""
    daily = cost(issue.get("impact") or {}, window_minutes)
    trend = issue.get("trend") or ""
    return {
        **asdict(daily),
        "trend": trend,
        "urgency": urgency(daily, severity, trend),
        "last_seen_at": seen_at(issue.get("last_seen")),
    }


def seen_at(said: str | None) -> datetime | None:
    """The time that an issue's text says."""
    return datetime.fromisoformat(said) if said else None
