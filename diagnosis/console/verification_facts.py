"""A verification as the loop's page shows it: the verdict, the numbers behind it, and what is still needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from diagnosis.detection.rules import WINDOW_RULES
from diagnosis.display.filled_sentences import filled_html
from diagnosis.display.quantities import counted, exact_ms, percent, quantile_name, significant, to_the_minute
from diagnosis.models import Loop, Verification
from diagnosis.side_effects import shown as side_effects
from diagnosis.verification import reasons
from diagnosis.verification.by_environment import NamedCounts, named_counts
from diagnosis.verification.verification_document import shown_document

FIGURES = {
    "success_rate": "Sessions without a failure",
    "tokens": "Tokens a session",
    "steps": "Records a session",
    "tool_failures": "Failed tool calls a session",
}


@dataclass(frozen=True, slots=True)
class FailuresMoved:
    """Another failure of the operation that rose since the fix, with its loop or ""."""

    cluster_id: str
    before: int
    after: int
    loop_id: str


@dataclass(frozen=True, slots=True)
class LinkedFailure:
    """Another failure that came with the fix, with its loop or ""."""

    cluster_id: str
    loop_id: str
    title: str
    counts: str
    facts: str


class Sides(NamedTuple):
    """What the two sides of a verification are called."""

    before: str
    since: str
    short_before: str


OF_FIX = Sides("Before the fix", "Since the fix", "before")
OF_HELD = Sides("When it held", "Since it held", "when it held")  # a fix that held is watched from then on


@dataclass(frozen=True, slots=True)
class ShownVerification:
    """One verification: facts as text, sessions before and after, other failures that rose or came, and evidence."""

    verification: Verification
    facts: list[tuple[str, str]]
    trajectory: list[tuple[str, str, str]]
    moved_to: list[FailuresMoved]
    side_effects: list[LinkedFailure]
    evidence_ids: list[str]
    environments: NamedCounts
    sides: Sides


def show_verifications(verifications: Iterable[Verification], loop: Loop) -> list[ShownVerification]:
    """The verifications as the page shows them, in their order."""
    rows = list(verifications)
    clusters = {rise["cluster_id"] for row in rows for rise in row.document.get("moved_to") or []}
    loops = dict(loop.project.loops.filter(cluster_id__in=clusters).values_list("cluster_id", "loop_id"))
    held = [
        row.document["after"]["window"] for row in rows if row.verdict == "held" and "after" in row.document
    ]
    return [show_verification(row, loop, loops, sides_of(row.document, held)) for row in rows]


def sides_of(document: Mapping[str, Any], held: Sequence[Mapping[str, Any]]) -> Sides:
    """What the sides are called: of one that is compared with the window in which its fix held, after these."""
    before = document.get("before") or {}
    return OF_HELD if before.get("window") in held else OF_FIX


def show_verification(
    row: Verification, loop: Loop, loops: Mapping[str, str], sides: Sides
) -> ShownVerification:
    """One verification as the page shows it, with the loops of other failures by their cluster ids."""
    document = shown_document(row.document, loop.signal_type)
    if loop.signal_type in WINDOW_RULES.by_durations:
        document = of_slow_records(document)
    facts = verdict_facts(document, sides)
    came = side_effects.with_loops(loop.project, row.document.get("side_effects") or [])
    return ShownVerification(
        verification=row,
        facts=[(name, text) for name, text in facts if text],
        trajectory=trajectory(row.document.get("trajectory") or {}),
        moved_to=[moved_to(rise, loops) for rise in row.document.get("moved_to") or []],
        side_effects=[linked_failure(effect) for effect in came],
        evidence_ids=row.document.get("evidence_ids") or [],
        environments=named_counts(row.document, sides.short_before),
        sides=sides,
    )


def of_slow_records(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document of a loop about latency: an earlier version counted failures of it, always 0."""
    sides = {
        name: document[name] | {"counted": reasons.SLOW} for name in ("before", "after") if document.get(name)
    }
    return {**document, **sides}


def verdict_facts(document: Mapping[str, Any], sides: Sides = OF_FIX) -> list[tuple[str, str]]:
    """
    The facts behind the verdict as pairs of name and text; the text is "" if the document lacks the fact.

    Sentences with values from telemetry are HTML already, and marked as such.
    """
    analysis = document.get("look") or {}
    return [
        ("Why", document.get("reason") or ""),
        (sides.before, count_sentence(document.get("before") or {})),
        (sides.since, count_sentence(document.get("after") or {})),
        ("Expected without a change", expected_sentence(document) if sides is OF_FIX else ""),
        (ratio_name(document), ratio_sentence(document) if sides is OF_FIX else ""),
        ("Interim analysis", f"number {analysis['number']}" if analysis.get("number") else ""),
        ("Still needed", filled_html(document.get("needed") or "", document)),
        ("What to do instead", document.get("instead") or ""),
        ("Release of the fix", document.get("release") or ""),
        ("Regressed in release", document.get("regressed_in") or ""),
        ("About the release", filled_html(document.get("release_note") or "", document)),
        ("Not seen", document.get("unseen_note") or ""),
        ("The quota", document.get("quota_note") or ""),
        ("Releases left out", ", ".join(map(left_out_sentence, left_out(document)))),
    ]


def expected_sentence(document: Mapping[str, Any]) -> str:
    """`24 failures since the fix`; "" where nothing ran that could have failed."""
    if not has_run(document):
        return ""
    after = document.get("after") or {}
    is_slow = after.get("counted") == reasons.SLOW
    if is_slow and "slow_above_ms" not in after:
        return ""
    noun = "slow records" if is_slow else "failures"
    return number_with_unit(document.get("expected_failures"), f" {noun} since the fix")


def has_run(document: Mapping[str, Any]) -> bool:
    """Whether anything ran since the fix: else there is nothing to expect or to compare."""
    return (document.get("after") or {}).get("exposure") != 0


def left_out(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What does not count as after the fix, by release; documents of earlier versions have the names alone."""
    names = [{"release": name} for name in document.get("releases_left_out") or []]
    return document.get("left_out") or names


def left_out_sentence(release: Mapping[str, Any]) -> str:
    """`1.9.0 (20 failures in 30 records)`."""
    name = release["release"] or "no release named"
    if "records" not in release:
        return name
    return f"{name} ({counted(release['failures'], 'failure')} in {counted(release['records'], 'record')})"


def count_sentence(side: Mapping[str, Any]) -> str:
    """`20 failures in 50 records (40%), 4 May 2026, 12:00 UTC to 4 May 2026, 14:00 UTC`; "" if not counted."""
    if "failures" not in side:
        return ""
    text = reasons.counts_in_words(side)
    is_counted = side.get("counted") != reasons.SLOW or "slow_above_ms" in side
    if side.get("rate") is not None and is_counted:
        text += f" ({percent(side['rate'])})"
    window = side.get("window") or {}
    return f"{text}, {to_the_minute(window['start'])} to {to_the_minute(window['end'])}" if window else text


def ratio_name(document: Mapping[str, Any]) -> str:
    """What the ratio is of: `Rate after by rate before`, or `Share of records above 930 ms (median before), ...`."""
    exceeded = document.get("ratio_of")
    if not exceeded:
        is_slow = (document.get("after") or {}).get("counted") == reasons.SLOW
        return (
            "Share of records above a duration, after by before" if is_slow else "Rate after by rate before"
        )
    above = f"{exact_ms(exceeded['above_ms'])} ({quantile_name(exceeded['quantile'])} before)"
    return f"Share of records above {above}, after by before"


def ratio_sentence(document: Mapping[str, Any]) -> str:
    """`0.12, between 0.01 and 0.6 (95% interval)`; "" where nothing ran since."""
    interval = document.get("ratio") or {}
    if interval.get("low") is None or not has_run(document):
        return ""
    low, high = interval["low"], interval.get("high")
    bounds = (
        f"at least {significant(low)}"
        if high is None
        else f"between {significant(low)} and {significant(high)}"
    )
    estimate = number_with_unit(interval.get("estimate"), ", ")
    return f"{estimate}{bounds} ({percent(document.get('confidence') or 0.95)} interval)"


def trajectory(sides: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """The rows of the sessions' figures: name, value before and value after, each with its interval."""
    before, after = sides.get("before") or {}, sides.get("after") or {}
    if not before and not after:
        return []
    rows = [
        (
            "Sessions",
            number_with_unit(before.get("sessions")) or "–",
            number_with_unit(after.get("sessions")) or "–",
        )
    ]
    rows += [(label, estimate(name, before), estimate(name, after)) for name, label in FIGURES.items()]
    return rows


def estimate(name: str, side: Mapping[str, Any]) -> str:
    """`80% (60% to 92%)`, or a dash if there are too few sessions."""
    figure = side.get(name)
    if not figure:
        return "–"
    value, low, high = (
        percent(figure[part]) if name == "success_rate" else number_with_unit(figure[part])
        for part in ("value", "low", "high")
    )
    return f"{value} ({low} to {high})"


def number_with_unit(value: float | None, unit: str = "") -> str:
    """`4.61 failures`, `1,240 failures`, or "" for None."""
    if value is None:
        return ""
    return f"{significant(value)}{unit}"


def moved_to(rise: Mapping[str, Any], loops: Mapping[str, str]) -> FailuresMoved:
    """One entry of the document's `moved_to`, with its loop."""
    cluster_id = rise["cluster_id"]
    return FailuresMoved(
        cluster_id, rise["failures_before"], rise["failures_after"], loops.get(cluster_id, "")
    )


def linked_failure(effect: Mapping[str, Any]) -> LinkedFailure:
    """One entry of the document's `side_effects`."""
    why, shared = ", ".join(effect["linked_by"]), ", ".join(effect["shared"])
    counts = side_effects.counts_sentence(effect)
    facts = f"{counts}; {why}" + (f"; they share {shared}" if shared else "")
    return LinkedFailure(effect["cluster_id"], effect["loop_id"] or "", effect["title"] or "", counts, facts)


def newest_side_effects(loop: Loop) -> list[LinkedFailure]:
    """The failures that the loop's newest verification links to its fix."""
    return [linked_failure(effect) for effect in side_effects.newest(loop)]
