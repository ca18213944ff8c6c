"""The failures elsewhere that are linked to a fix: as answers show them, and as a sentence before the verdict's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from diagnosis.display.quantities import counted
from diagnosis.issues.issue import title_of
from diagnosis.models import Loop
from diagnosis.side_effects.linked import WITH_RELEASE, SideEffect, SideEffects
from diagnosis.window import failing_records
from telemetry.grouping.fingerprint import cluster_id
from telemetry.models import Attribution
from telemetry.reads.filters import in_window
from telemetry.spans.failing_record import FailingRecord
from telemetry.windows import Window
from tenants.models import Project

SHOWN = 5  # clusters that an answer names
SHARED_SHOWN = 5  # attributes of each
LOUD = "Requests of the kind that this failure hit fail in another way since the fix: {first}{more}."
MORE = ", and {others} with them"


def shown(project: Project, effects: SideEffects, after: Window) -> dict[str, Any]:
    """The fields of a verification's document, read from the bound project and its loops."""
    linked = effects.linked[:SHOWN]
    examples = examples_of([effect.fingerprint for effect in linked], after)
    effects_shown = [effect_shown(effect, examples.get(effect.fingerprint)) for effect in linked]
    return {
        "side_effects": with_loops(project, effects_shown),
        "side_effects_found": len(effects.linked),
        "clusters_compared": effects.compared,
    }


def with_loops(project: Project, effects_shown: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """These side effects, each with the loop that its cluster has now, which is often made after the verification."""
    clusters = [effect["cluster_id"] for effect in effects_shown]
    loops = dict(
        Loop.objects.filter(project=project, cluster_id__in=clusters).values_list("cluster_id", "loop_id")
    )
    return [dict(effect) | {"loop_id": loops.get(effect["cluster_id"])} for effect in effects_shown]


def newest(loop: Loop) -> list[dict[str, Any]]:
    """The side effects that the loop's newest verification names."""
    verification = loop.verifications.first()
    return with_loops(loop.project, verification.document.get("side_effects") or []) if verification else []


def effect_shown(effect: SideEffect, example: FailingRecord | None) -> dict[str, Any]:
    """One linked cluster. Its title, service, operation and attributes are telemetry."""
    return {
        "cluster_id": cluster_id(effect.fingerprint),
        "title": title_of(example) if example else None,
        "service": (example.service if example else "") or None,
        "operation": example.operation if example else None,
        "linked_by": list(effect.links),
        "shared": list(effect.shared[:SHARED_SHOWN]),
        "counted": effect.counted,
        "failures_before": effect.before.failures,
        "exposure_before": effect.before.exposure,
        "failures_after": effect.after.failures,
        "exposure_after": effect.after.exposure,
    }


def examples_of(fingerprints: Sequence[int], window: Window) -> dict[int, FailingRecord]:
    """The first failure of each of these clusters in the window."""
    keys: dict[bytes, int] = {}
    for number in fingerprints:
        rows = in_window(Attribution.objects.filter(fingerprint=number, is_downstream=False), window)
        first = rows.order_by("start_time_unix_nano", "trace_id", "span_id").values_list(
            "trace_id", "span_id"
        )[:1]
        keys |= {bytes(trace_id) + bytes(span_id): number for trace_id, span_id in first}
    return {keys[key]: record for key, record in failing_records.load_failing_records(keys).items()}


def cluster_ids(document: Mapping[str, Any]) -> set[str]:
    """The clusters that a verification's document links to the fix."""
    return {effect["cluster_id"] for effect in document.get("side_effects") or []}


def of_same_requests(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The linked clusters of a verification's document that fail the requests or the people that were hit."""
    effects = document.get("side_effects") or []
    return [effect for effect in effects if effect["linked_by"] != [WITH_RELEASE]]


def sentence(document: Mapping[str, Any]) -> str:
    """The sentence that stands before the reason of the verdict where the same requests fail in another way, or ""."""
    linked = of_same_requests(document)
    if not linked:
        return ""
    first, *others = linked
    more = MORE.format(others=counted(len(others), "other cluster")) if others else ""
    return LOUD.format(first=counts_sentence(first), more=more)


def counts_sentence(effect: Mapping[str, Any]) -> str:
    """`9 of 100 requests, 0 of 90 before`."""
    return (
        f"{effect['failures_after']:,} of {effect['exposure_after']:,} {effect['counted']}, "
        f"{effect['failures_before']:,} of {effect['exposure_before']:,} before"
    )
