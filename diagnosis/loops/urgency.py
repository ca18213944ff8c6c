"""
The urgency of a loop, by which the queue for humans is sorted: impact x trend.

    urgency = (failures + 10 x people + tokens / 10,000) x weight of the severity x weight of the trend

The first factor is the harm that was seen in the seven days until the last failure, counted in failures: observed, and
never multiplied up from a shorter time (diagnosis/window/seen_failures.py). Published in docs/funnel.md#the-queue.

A loop keeps the most of each number that was seen since it was proposed: no key moves a loop down, or lowers its
severity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from diagnosis.models import Loop, Severity
from diagnosis.window.seen_failures import SeenFailures

SHORTEST = (
    60  # minutes of a decision's window, so that ten seconds of failures are not taken for a day of them
)
A_PERSON = 10  # failures that weigh as much as one person hit
TOKENS = 10_000  # that weigh as much as one failure: about one turn of an agent
SEVERITY_WEIGHT = {Severity.LOW: 1.0, Severity.MEDIUM: 3.0, Severity.HIGH: 10.0, Severity.CRITICAL: 30.0}
TREND_WEIGHT = {"falling": 0.5, "steady": 1.0, "unclear": 1.0, "new": 1.5, "rising": 2.0}
RULE = (
    "Loops that regressed come first, because a fix was promised and did not hold. Then the harm that was seen in the "
    "seven days until the last failure, times severity, times trend, because that is what waiting costs. Harm counts "
    f"each failure as 1, each person hit as {A_PERSON} and {TOKENS:,} tokens as 1; "
    + ", ".join(f"{severity.label} weighs {weight:g}" for severity, weight in SEVERITY_WEIGHT.items())
    + "; "
    + ", ".join(f"{trend} {weight:g}" for trend, weight in TREND_WEIGHT.items())
    + ". Each number is the most that was seen since the loop was proposed; none is multiplied up from a shorter time."
)


@dataclass(frozen=True, slots=True)
class SeenHarm:
    """The harm that was seen, and in which time. People are users, or sessions where no record names a user."""

    failures_seen: int
    people_seen: int
    users_seen: int
    tokens_seen: int  # of the traces that failed; 0 where no record has them
    seen_seconds: int  # from the first to the last of these failures

    @property
    def harm(self) -> float:
        """The whole harm, counted in failures."""
        return self.failures_seen + A_PERSON * self.people_seen + self.tokens_seen / TOKENS


COLUMNS = tuple(field.name for field in fields(SeenHarm))  # of a loop


def harm_of(seen: SeenFailures) -> SeenHarm:
    """The harm of these failures."""
    return SeenHarm(seen.failures, seen.people, seen.users, seen.tokens, seen.seconds)


def shown_by(issue: Mapping[str, Any]) -> SeenFailures:
    """What the issue shows, for what only rules over windows find: its failures have no place in the store."""
    impact = issue.get("impact") or {}
    first, last = seen_at(issue.get("first_seen")), seen_at(issue.get("last_seen"))
    seconds = round((last - first).total_seconds()) if first and last else 0
    failures, users, sessions, tokens = (
        impact.get(name) or 0 for name in ("records", "users", "sessions", "tokens")
    )
    return SeenFailures(failures, users, sessions, tokens, max(0, seconds))


def urgency(harm: SeenHarm, severity: int, trend: str) -> float:
    """The urgency; the larger it is, the sooner a human should decide."""
    return round(harm.harm * SEVERITY_WEIGHT[Severity(severity)] * TREND_WEIGHT.get(trend, 1.0), 2)


def columns(issue: Mapping[str, Any], severity: int, seen: SeenFailures | None = None) -> dict[str, Any]:
    """
    The columns of a loop by which the queue sorts and shows it without reading the issue.

    Args:
        seen: None for what only rules over windows find.
    """
    harm = harm_of(seen or shown_by(issue))
    trend = issue.get("trend") or ""
    return {
        **asdict(harm),
        "trend": trend,
        "urgency": urgency(harm, severity, trend),
        "last_seen_at": seen_at(issue.get("last_seen")),
    }


def worst_columns(loop: Loop, latest: Mapping[str, Any]) -> dict[str, Any]:
    """The columns after a new packet: of each number of the loop and the newest the worse, and their urgency."""
    severity = max(loop.severity, latest["severity"])
    trend = max(loop.trend, latest["trend"], key=lambda name: TREND_WEIGHT.get(name, 0.0))
    harm = SeenHarm(*(max(getattr(loop, name), latest[name]) for name in COLUMNS))
    seen = [at for at in (loop.last_seen_at, latest["last_seen_at"]) if at]
    return {
        **asdict(harm),
        "severity": severity,
        "trend": trend,
        "urgency": urgency(harm, severity, trend),
        "last_seen_at": max(seen, default=None),
    }


def judged_columns(loop: Loop, severity: int, seen: SeenFailures | None) -> dict[str, Any]:
    """The columns of a loop that is judged anew; what was seen stays where the store has none of its failures."""
    harm = harm_of(seen) if seen else SeenHarm(*(getattr(loop, name) for name in COLUMNS))
    return {**asdict(harm), "severity": severity, "urgency": urgency(harm, severity, loop.trend)}


def seen_at(text: str | None) -> datetime | None:
    """The time of an RFC 3339 text from an issue; None for none."""
    return datetime.fromisoformat(text) if text else None
