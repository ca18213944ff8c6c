"""A verification as a person reads it: the verdict, the numbers it rests on, and what is still needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from diagnosis.display.quantities import percent, significant, to_the_minute
from diagnosis.models import Loop, Verification

FIGURES = {
    "success_rate": "Sessions without a failure",
    "tokens": "Tokens a session",
    "steps": "Records a session",
    "tool_failures": "Failed tool calls a session",
}


@dataclass(frozen=True, slots=True)
class Moved:
    """Another failure of the operation that rose; its loop, where it has one."""

    cluster_id: str
    before: int
    after: int
    loop_id: str


@dataclass(frozen=True, slots=True)
class ShownVerification:
    """One verification: facts in words, sessions before and after, records to look at."""

    verification: Verification
    facts: list[tuple[str, str]]
    trajectory: list[tuple[str, str, str]]
    moved_to: list[Moved]
    evidence_ids: list[str]


def read(verifications: Iterable[Verification], loop: Loop) -> list[ShownVerification]:
    """The verifications in their order, for people."""
    found = list(verifications)
    moved = {one["cluster_id"] for each in found for one in each.document.get("moved_to") or []}
    loops = dict(loop.project.loops.filter(cluster_id__in=moved).values_list("cluster_id", "loop_id"))
    return [
        ShownVerification(
            verification=each,
            facts=[(name, said) for name, said in facts(each.document) if said],
            trajectory=trajectory(each.document.get("trajectory") or {}),
            moved_to=[moved_to(one, loops) for one in each.document.get("moved_to") or []],
            evidence_ids=each.document.get("evidence_ids") or [],
        )
        for each in found
    ]


def facts(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the verdict rests on; "" for what the document does not say."""
    look = document.get("look") or {}
    return [
        ("Why", document.get("reason") or ""),
        ("Before the fix", counted(document.get("before") or {})),
        ("Since the fix", counted(document.get("after") or {})),
        ("Expected without a change", number(document.get("expected_failures"), " failures since the fix")),
        ("Rate after by rate before", ratio(document)),
        ("Look", f"number {look['number']}" if look.get("number") else ""),
        ("Still needed", document.get("needed") or ""),
        ("Release of the fix", document.get("release") or ""),
        ("Releases left out", ", ".join(document.get("releases_left_out") or [])),
    ]


def counted(side: Mapping[str, Any]) -> str:
    """`20 failures in 50 records (40 %), 2026-05-04 12:00 to 14:00 UTC`."""
    if "failures" not in side:
        return ""
    told = f"{side['failures']:,} failures"
    if "exposure" in side:
        told += f" in {side['exposure']:,} records"
    if side.get("rate") is not None:
        told += f" ({percent(side['rate'])})"
    window = side.get("window") or {}
    return (
        f"{told}, {to_the_minute(window['start'])} to {to_the_minute(window['end'])} UTC" if window else told
    )


def ratio(document: Mapping[str, Any]) -> str:
    """`0.12, between 0.01 and 0.6 (95 % interval)`."""
    said = document.get("ratio") or {}
    if said.get("low") is None:
        return ""
    low, high = said["low"], said.get("high")
    reach = f"at least {low:.3g}" if high is None else f"between {low:.3g} and {high:.3g}"
    estimate = number(said.get("estimate"), ", ")
    return f"{estimate}{reach} ({percent(document.get('confidence') or 0.95)} interval)"


def trajectory(sides: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Each figure of sessions, before and after, with its interval."""
    before, after = sides.get("before") or {}, sides.get("after") or {}
    if not before and not after:
        return []
    rows = [("Sessions", number(before.get("sessions")) or "–", number(after.get("sessions")) or "–")]
    rows += [(told, estimate(name, before), estimate(name, after)) for name, told in FIGURES.items()]
    return rows


def estimate(name: str, side: Mapping[str, Any]) -> str:
    """`80 % (60 % to 92 %)`; a dash where there is too little to say."""
    said = side.get(name)
    if not said:
        return "–"
    value, low, high = (
        percent(said[part]) if name == "success_rate" else number(said[part])
        for part in ("value", "low", "high")
    )
    return f"{value} ({low} to {high})"


def number(value: float | None, unit: str = "") -> str:
    """`4.61 failures`, `1,240 failures`, or "" for nothing."""
    if value is None:
        return ""
    return f"{significant(value)}{unit}"


def moved_to(said: Mapping[str, Any], loops: Mapping[str, str]) -> Moved:
    """A sibling that rose."""
    cluster_id = said["cluster_id"]
    return Moved(cluster_id, said["failures_before"], said["failures_after"], loops.get(cluster_id, ""))
