"""Loops, verifications and handoffs in short."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnosis.agents.budget import Part
from diagnosis.agents.envelope import IN_ONE, cut_texts, under_text
from diagnosis.agents.short_issues import issue_parts, short_plan, values_kept
from diagnosis.agents.short_records import short_record

EVENTS_SHOWN = 10
VERDICT = ("verdict", "reason", "needed", "instead")
NUMBERS = ("before", "after", "ratio", "ratio_of")


def loop_line(loop: Mapping[str, Any]) -> dict[str, Any]:
    """A loop in a list."""
    names = ("loop_id", "cluster_id", "state", "severity", "failures", "verdict", "attempt", "updated_at")
    facts = {name: loop[name] for name in names if loop[name] is not None}
    return facts | under_text(title=loop["title"], service=loop["service"], release=loop["release"])


def loop_facts(loop: Mapping[str, Any], approve_url: str) -> dict[str, Any]:
    """What is said of one loop first, and always. `approve_url`: where a human decides."""
    texts = {name: loop[name] for name in ("title", "service", "operation", "release")}
    return (
        {name: value for name, value in loop_line(loop).items() if name != "text"}
        | {"next_action": loop["next_action"], "approve_url": approve_url}
        | under_text(IN_ONE, **texts)
    )


def loop_parts(loop: Mapping[str, Any]) -> list[Part]:
    """The parts of one loop, the most useful first."""
    verifications = loop["verifications"]
    standing = {
        name: loop[name] for name in ("approvals", "decision", "question", "shipped_at") if loop[name]
    }
    return [
        ("action_gate", loop["action_gate"]),
        ("standing", standing),
        ("verification", short_verdict(verifications[-1]) if verifications else None),
        ("side_effects", short_side_effects(loop["side_effects"])),
        *(part for part in issue_parts(loop["issue"]) if part[0] != "approval"),
        ("fixes", quoted_history(loop["fixes"])),
        ("events", [event_line(event) for event in loop["events"][-EVENTS_SHOWN:]]),
    ]


def event_line(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event of the loop's history. What an agent or a person wrote stands under `text`."""
    facts = {name: event[name] for name in ("kind", "actor", "created_at")}
    return facts | under_text(IN_ONE, **{name: value for name, value in event["detail"].items() if value})


def short_verdict(document: Mapping[str, Any]) -> dict[str, Any]:
    """A verification: what it says, and from which numbers."""
    said_first = {name: document[name] for name in VERDICT if document.get(name) is not None}
    numbers = {name: short_counts(document[name]) for name in NUMBERS if document.get(name)}
    return said_first | numbers | values_kept(document)


def short_counts(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Failures over exposure, or a ratio, with its window."""
    names = (
        "failures",
        "exposure",
        "rate",
        "slow_above_ms",
        "estimate",
        "low",
        "high",
        "quantile",
        "above_ms",
        "window",
    )
    return {name: numbers[name] for name in names if numbers.get(name) is not None}


def short_side_effects(effects: list[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """Failures elsewhere that came with the fix."""
    names = (
        "cluster_id",
        "loop_id",
        "failures_before",
        "exposure_before",
        "failures_after",
        "exposure_after",
    )
    return [
        {name: effect[name] for name in names}
        | under_text(title=effect["title"], operation=effect["operation"])
        for effect in effects or []
    ]


def quoted_history(value: Any) -> dict[str, Any] | None:
    """A value with texts of others in it, as a whole under `text`; None for nothing."""
    return {"text": cut_texts(value, IN_ONE)} if value else None


def handoff_parts(handoff: Mapping[str, Any]) -> list[Part]:
    """The parts of a handoff, the most useful first."""
    return [
        ("action_gate", handoff["action_gate"]),
        ("plan", short_plan(handoff["patch_plan"])),
        ("evidence", [short_record(record) for record in handoff["evidence"]]),
        ("earlier_fixes", quoted_history(handoff["earlier_fixes"])),
        *(part for part in issue_parts(handoff["issue"]) if part[0] not in {"approval", "plan", "evidence"}),
    ]
