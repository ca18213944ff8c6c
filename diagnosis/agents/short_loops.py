"""Loops, verifications and handoffs in short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    first = {name: loop[name] for name in ("loop_id", "state", "next_action")}
    return first | under_text(IN_ONE, **texts) | {"approve_url": approve_url} | without_text(loop_line(loop))


def without_text(line: Mapping[str, Any]) -> dict[str, Any]:
    """What LoopKit itself says in a line."""
    return {name: value for name, value in line.items() if name != "text"}


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
        ("side_effects", short_side_effects(loop["side_effects"] or [])),
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
    return said_first | values_kept(document) | short_moved_to(document) | numbers


def short_moved_to(document: Mapping[str, Any]) -> dict[str, Any]:
    """`moved_to`, the other failures of the operation that rose; {} for none."""
    return {"moved_to": document["moved_to"]} if document.get("moved_to") else {}


def verification_parts(document: Mapping[str, Any]) -> list[Part]:
    """What a verification says beside its verdict, the most useful first."""
    found, effects = document.get("side_effects_found"), document.get("side_effects") or []
    notes = ("unseen_note", "quota_note")
    return [
        ("side_effects", short_side_effects(effects)),
        ("side_effects_found", found if found and found > len(effects) else None),
        ("fix", short_release(document)),
        ("environments", [environment_line(row) for row in document.get("environments") or []]),
        ("further_environments", document.get("further_environments")),
        ("notes", {name: document[name] for name in notes if document.get(name)}),
        ("evidence_ids", document.get("evidence_ids")),
        ("trajectory", document.get("trajectory")),
    ]


def short_release(document: Mapping[str, Any]) -> dict[str, Any]:
    """The release that carries the fix, what is to be known of it, and the records that do not count after it."""
    left_out = [
        {name: row[name] for name in ("records", "failures")} | under_text(release=row["release"])
        for row in document.get("left_out") or []
    ]
    return (
        ({"release_note": document["release_note"]} if document.get("release_note") else {})
        | under_text(release=document.get("release"), regressed_in=document.get("regressed_in"))
        | ({"left_out": left_out} if left_out else {})
    )


def environment_line(row: Mapping[str, Any]) -> dict[str, Any]:
    """The counts of an environment before and after the fix."""
    return {name: row[name] for name in ("before", "after")} | under_text(environment=row["environment"])


def short_counts(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Failures over exposure and what they count, or a ratio, with its window."""
    names = (
        "failures",
        "exposure",
        "counted",
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


def short_side_effects(effects: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Failures elsewhere that came with the fix: what links them to it, and what is counted of them."""
    names = (
        "cluster_id",
        "loop_id",
        "linked_by",
        "counted",
        "failures_before",
        "exposure_before",
        "failures_after",
        "exposure_after",
    )
    return [
        {name: effect[name] for name in names if name in effect}
        | under_text(
            title=effect["title"],
            operation=effect["operation"],
            shared=", ".join(effect.get("shared", [])),
        )
        for effect in effects
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
