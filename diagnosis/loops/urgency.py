"""
The urgency of a loop, by which the queue for humans is sorted: impact x trend.

    urgency = (failures + 10 x people + tokens / 10,000, each a day) x weight of the severity x weight of the trend

The first factor is the cost of each day of waiting, counted in failures. Published in docs/funnel.md#the-queue.

Whoever asks for a diagnosis chooses its window, so a loop keeps the worst of each number that a packet showed: no
choice of window moves a loop down, or lowers its severity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from diagnosis.models import Loop, Severity

DAY_MINUTES = 1440
SHORTEST = 60  # minutes; a shorter window counts as an hour, since one failure in a minute is not 1,440 a day
A_PERSON = 10  # failures that weigh as much as one person hit
TOKENS = 10_000  # that weigh as much as one failure: about one turn of an agent
SEVERITY_WEIGHT = {Severity.LOW: 1.0, Severity.MEDIUM: 3.0, Severity.HIGH: 10.0, Severity.CRITICAL: 30.0}
TREND_WEIGHT = {"falling": 0.5, "steady": 1.0, "unclear": 1.0, "new": 1.5, "rising": 2.0}
RULE = (
    "Loops that regressed come first, because a fix was promised and did not hold. Then the harm of a day, times "
    "severity, times trend, because that is what one more day of waiting costs. Harm counts each failure as 1, each "
    f"person hit as {A_PERSON} and {TOKENS:,} tokens as 1; "
    + ", ".join(f"{severity.label} weighs {weight:g}" for severity, weight in SEVERITY_WEIGHT.items())
    + "; "
    + ", ".join(f"{trend} {weight:g}" for trend, weight in TREND_WEIGHT.items())
    + ". Each number is the worst that a packet showed since the loop was proposed, as if every day were like the "
    "packet's window."
)


@dataclass(frozen=True, slots=True)
class CostOfWaiting:
    """The cost of one day of waiting. People are users, or sessions where no record names a user."""

    failures_a_day: float
    people_a_day: float
    tokens_a_day: float  # of the traces that failed; 0 where no record has them

    @property
    def harm(self) -> float:
        """The whole cost, counted in failures."""
        return self.failures_a_day + A_PERSON * self.people_a_day + self.tokens_a_day / TOKENS


COSTS = tuple(field.name for field in fields(CostOfWaiting))  # the columns of a loop that hold them


def cost(impact: Mapping[str, Any], window_minutes: int) -> CostOfWaiting:
    """The cost of a day, from an issue's impact in its window."""
    days = max(window_minutes, SHORTEST) / DAY_MINUTES
    people = impact.get("users") or impact.get("sessions") or 0
    counts = impact.get("records") or 0, people, impact.get("tokens") or 0
    return CostOfWaiting(*(round(count / days, 2) for count in counts))


def urgency(daily: CostOfWaiting, severity: int, trend: str) -> float:
    """The urgency; the larger it is, the sooner a human should decide."""
    return round(daily.harm * SEVERITY_WEIGHT[Severity(severity)] * TREND_WEIGHT.get(trend, 1.0), 2)


def columns(issue: Mapping[str, Any], severity: int, window_minutes: int) -> dict[str, Any]:
    """The columns of a loop that come from its issue: the queue sorts and shows them without reading the issue."""
    daily = cost(issue.get("impact") or {}, window_minutes)
    trend = issue.get("trend") or ""
    return {
        **asdict(daily),
        "trend": trend,
        "urgency": urgency(daily, severity, trend),
        "last_seen_at": seen_at(issue.get("last_seen")),
    }


def worst_columns(loop: Loop, latest: Mapping[str, Any]) -> dict[str, Any]:
    """The columns after a new packet: of each number of the loop and of that packet the worse, and their urgency."""
    severity = max(loop.severity, latest["severity"])
    trend = max(loop.trend, latest["trend"], key=lambda name: TREND_WEIGHT.get(name, 0.0))
    daily = CostOfWaiting(*(max(getattr(loop, name), latest[name]) for name in COSTS))
    seen = [at for at in (loop.last_seen_at, latest["last_seen_at"]) if at]
    return {
        **asdict(daily),
        "severity": severity,
        "trend": trend,
        "urgency": urgency(daily, severity, trend),
        "last_seen_at": max(seen, default=None),
    }


def seen_at(text: str | None) -> datetime | None:
    """The time of an RFC 3339 text from an issue; None for none."""
    return datetime.fromisoformat(text) if text else None
