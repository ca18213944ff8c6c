"""
The fixes of a loop that shipped, one after the other, as its history tells them: attempt 1, attempt 2, ...

A fix begins with an event `shipped`. What was put right about it, its verdicts, and the return of its failure are the
events after it, up to the next `shipped`. Events are only ever appended, so what they say of an earlier fix stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from diagnosis.loops.states import UNDER_APPROVAL
from diagnosis.models import Loop, LoopEvent, Verification
from telemetry.windows import rfc3339

Kind = LoopEvent.Kind
CORRECTIONS = (Kind.SHIPPED_CORRECTED, Kind.SHIPMENT_CORRECTED)
TELLING = (Kind.SHIPPED, *CORRECTIONS, Kind.VERIFIED, Kind.REGRESSED)
BY_ENVIRONMENT = (
    "environments",
    "further_environments",
)  # what is shown of a verdict's counts by environment
SIDE = (
    "failures",
    "exposure",
    "rate",
    "counted",
    "slow_above_ms",
    "window",
)  # what is shown of the window before a fix


@dataclass(frozen=True, slots=True)
class ShippedFix:
    """One fix of a loop. Times are RFC 3339 text."""

    attempt: int
    shipped_at: str
    reported_at: str
    release: str = ""  # as the agent reported it, or as somebody put it right
    before: dict[str, Any] = field(
        default_factory=dict
    )  # the counts before it; empty in history of earlier versions
    verdict: str = ""  # the latest
    held_at: str = ""  # when it was first verified that it held
    back: dict[str, Any] = field(default_factory=dict)  # when the failure was back, and in which releases
    side_effects: tuple[
        str, ...
    ] = ()  # the ids of clusters that came with it, as its latest verdict names them
    by_environment: dict[str, Any] = field(
        default_factory=dict
    )  # the counts of its latest verdict that has them

    @property
    def ended_at(self) -> str:
        """Where the window before the next fix begins: when this one shipped or, if it held, when it held."""
        return self.held_at or self.shipped_at

    @property
    def came_back_in(self) -> list[dict[str, Any]]:
        """The releases in which the failure was back: `release` and `failures`, first seen first."""
        return list(self.back.get("releases") or [])

    def shown(self) -> dict[str, Any]:
        """The fix as answers show it."""
        return {
            "attempt": self.attempt,
            "release": self.release or None,
            "shipped_at": self.shipped_at,
            "reported_at": self.reported_at,
            "before": self.before or None,
            "verdict": self.verdict or None,
            "held_at": self.held_at or None,
            "back": self.back or None,
            **({"side_effects": list(self.side_effects)} if self.side_effects else {}),
            **self.by_environment,
        }


def shipped_fixes(loop: Loop) -> list[ShippedFix]:
    """The loop's fixes in their order."""
    return fixes_of_events(LoopEvent.objects.filter(loop=loop.pk, kind__in=TELLING).order_by("pk"))


def fixes_decided_on(loops: Sequence[Loop]) -> dict[str, list[ShippedFix]]:
    """
    The fixes of each of these loops that shipped before its approval, or up to now where none counts, by loop id.

    A decision covers them, and what happens after it changes none of them.
    """
    events: dict[str, list[LoopEvent]] = {loop.pk: [] for loop in loops}
    kinds = (*TELLING, Kind.DECIDED)
    for event in LoopEvent.objects.filter(loop__in=events, kind__in=kinds).order_by("pk"):
        events[event.loop_id].append(event)
    return {loop.pk: fixes_of_events(before_decision(loop, events[loop.pk])) for loop in loops}


def before_decision(loop: Loop, events: list[LoopEvent]) -> list[LoopEvent]:
    """The events before the approval under which the loop is, all of them if it is under none; without decisions."""
    decided = [place for place, event in enumerate(events) if event.kind == Kind.DECIDED]
    end = decided[-1] if decided and loop.state in UNDER_APPROVAL else len(events)
    return [event for event in events[:end] if event.kind != Kind.DECIDED]


def fixes_of_events(events: Iterable[LoopEvent]) -> list[ShippedFix]:
    """The fixes of these events, in their order; events before the first `shipped` are of none."""
    fixes: list[ShippedFix] = []
    for event in events:
        if event.kind == Kind.SHIPPED:
            fixes.append(begun_by(event, len(fixes) + 1))
        elif fixes:
            fixes[-1] = with_event(fixes[-1], event)
    return fixes


def begun_by(event: LoopEvent, attempt: int) -> ShippedFix:
    """The fix that an event `shipped` begins. Events of earlier versions lack the time: it was the report's."""
    reported_at = rfc3339(event.created_at)
    return ShippedFix(
        attempt,
        event.detail.get("shipped_at") or reported_at,
        reported_at,
        event.detail.get("release") or "",
        event.detail.get("before") or {},
    )


def with_event(fix: ShippedFix, event: LoopEvent) -> ShippedFix:
    """The fix after one more event about it. Verdicts on what was put right later say nothing any more."""
    detail = event.detail
    if event.kind in CORRECTIONS:
        return replace(
            fix,
            shipped_at=detail["shipped_at"],
            release=detail.get("release") or "",
            before=detail.get("before") or {},
            verdict="",
            by_environment={},
        )
    at, verdict = rfc3339(event.created_at), str(detail.get("verdict") or "")
    fix = replace(
        fix,
        side_effects=tuple(detail.get("side_effects") or fix.side_effects),
        by_environment={name: detail[name] for name in BY_ENVIRONMENT if name in detail},
    )
    if event.kind == Kind.REGRESSED:
        back = {"at": at, "releases": detail.get("releases") or []}
        return replace(fix, verdict=verdict, back=back)
    is_held = verdict == Verification.Verdict.HELD
    return replace(fix, verdict=verdict, held_at=fix.held_at or (at if is_held else ""))


def side_effect_of(loop: Loop) -> list[str]:
    """The ids of the project's loops whose fix the loop's cluster came with, by their verdicts."""
    linking = LoopEvent.objects.filter(
        loop__project=loop.project_id,
        kind__in=(Kind.VERIFIED, Kind.REGRESSED),
        detail__side_effects__icontains=loop.cluster_id,
    )
    return sorted(set(linking.values_list("loop_id", flat=True)))


def side_shown(baseline: dict[str, Any]) -> dict[str, Any]:
    """What is shown of the window before a fix, from its stored baseline."""
    return {name: baseline[name] for name in SIDE if name in baseline}
