"""
The move of loops and evals to the new ids of their clusters, in one transaction, by the plan of cluster_map.py.

If the new id is that of a loop which joined another one earlier, the two loops swap their cluster ids, so that every
loop still has a cluster of its own. Evals keep their own ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet

from diagnosis.fingerprint_switch.cluster_map import ClusterOutcome, Moves, loop_outcomes
from diagnosis.loops import audited_decisions, lifecycle
from diagnosis.loops.states import Trigger
from diagnosis.models import EvalCandidate, FingerprintSwitch, Loop, LoopEvent
from diagnosis.verification.recount import recounted
from telemetry.grouping.fingerprint import cluster_id
from tenants.audit.audit_log import Actor

Baselines = Mapping[str, dict[str, Any] | None]
ACTOR = "loopkit"
BATCH = 100  # rows per statement


def moves_of(switch: FingerprintSwitch) -> Moves:
    """The stored moves of the switch, with numbers for keys instead of the text that JSON requires."""
    return {
        int(old): {int(new): records for new, records in parts.items()} for old, parts in switch.moves.items()
    }


def plan_outcomes(switch: FingerprintSwitch) -> list[ClusterOutcome]:
    """The outcome of the switch for each of the project's loops."""
    return loop_outcomes(going_on(switch), moves_of(switch))


def going_on(switch: FingerprintSwitch) -> list[Loop]:
    """The project's loops that have not joined another loop."""
    return list(Loop.objects.filter(project=switch.project).exclude(state=Loop.State.JOINED))


def baselines(switch: FingerprintSwitch) -> Baselines:
    """
    The recounted baseline of each loop that moves, by loop id. Needs the project to be bound.

    Counting is slow, so it is done before the transaction.
    """
    return {
        outcome.loop.loop_id: recounted(outcome.loop, outcome.to)
        for outcome in plan_outcomes(switch)
        if outcome.to is not None
    }


def carry_loops(switch: FingerprintSwitch, new_baselines: Baselines, now: datetime) -> None:
    """Move loops and evals, inside the caller's transaction; plans anew, as people may have decided meanwhile."""
    list(Loop.objects.select_for_update().filter(project=switch.project).values_list("pk"))
    outcomes = plan_outcomes(switch)
    to_move = [outcome for outcome in outcomes if outcome.to is not None and outcome.into is None]
    new_ids = {outcome.loop.cluster_id: cluster_id(outcome.to or 0) for outcome in to_move}
    rename(Loop.objects.filter(project=switch.project), new_ids)
    rename(EvalCandidate.objects.filter(project=switch.project), new_ids)
    tell_evals(switch, new_ids.values())
    for outcome in outcomes:
        if outcome.into is not None:
            end_loop_in(outcome, outcome.into, now)
    for outcome in to_move:
        move(outcome, switch, new_baselines.get(outcome.loop.loop_id, outcome.loop.baseline), now)
    repropose_split_loops(switch, {new for parts in moves_of(switch).values() for new in parts}, now)
    audit_moves(switch, [outcome.loop for outcome in to_move], now)


def audit_moves(switch: FingerprintSwitch, moved: Iterable[Loop], now: datetime) -> None:
    """
    Append the new cluster ids of the loops that people decided on to the audit log, where approvals are checked.

    Args:
        moved: as they were before.
    """
    before = {loop.pk: loop.cluster_id for loop in moved}
    decided = Loop.objects.filter(pk__in=before, decisions__isnull=False).distinct()
    clusters = {
        pk: {"before": before[pk], "after": after} for pk, after in decided.values_list("pk", "cluster_id")
    }
    if clusters:
        audited_decisions.audit_clusters(switch.project, Actor(switch.actor), now, clusters)


def rename(rows: QuerySet[Any], new_ids: Mapping[str, str]) -> None:
    """Replace old cluster ids by new ones; a row that has the new id already gets the old one in exchange."""
    by_id = dict(rows.filter(cluster_id__in=[*new_ids, *new_ids.values()]).values_list("cluster_id", "pk"))
    for old, new in new_ids.items():
        if old not in by_id:
            continue
        if new in by_id:
            rows.filter(pk=by_id[new]).update(cluster_id="")
        rows.filter(pk=by_id[old]).update(cluster_id=new)
        if new in by_id:
            rows.filter(pk=by_id[new]).update(cluster_id=old)


def tell_evals(switch: FingerprintSwitch, ids: Iterable[str]) -> None:
    """Write the new cluster ids into the documents of the evals, which name their cluster too."""
    candidates = list(EvalCandidate.objects.filter(project=switch.project, cluster_id__in=list(ids)))
    for candidate in candidates:
        candidate.document = candidate.document | {"cluster_id": candidate.cluster_id}
    EvalCandidate.objects.bulk_update(candidates, ["document"], batch_size=BATCH)


def move(
    outcome: ClusterOutcome, switch: FingerprintSwitch, baseline: dict[str, Any] | None, now: datetime
) -> None:
    """Give the loop its new issue and baseline, and note the move in its history."""
    loop, new_id = outcome.loop, cluster_id(outcome.to or 0)
    issue = loop.issue | {"cluster_id": new_id}
    # The state stays. The new revision refuses decisions of people who saw the loop before.
    rows = Loop.objects.filter(pk=loop.pk)
    rows.update(revision=F("revision") + 1, updated_at=now, issue=issue, baseline=baseline)
    lifecycle.append_event(
        loop,
        LoopEvent.Kind.MOVED,
        ACTOR,
        now,
        cluster_id={"before": loop.cluster_id, "after": new_id},
        fingerprint_version={"before": switch.from_version, "after": switch.to_version},
        joined=[other.loop_id for other in outcome.joined],
        proposed_anew=[cluster_id(number) for number in outcome.others],
    )


def end_loop_in(outcome: ClusterOutcome, into: Loop, now: datetime) -> None:
    """End the loop: it joins the loop `into`."""
    before = outcome.loop.state
    lifecycle.apply_trigger(outcome.loop, Trigger.JOINED, now, joined_to=into)
    Loop.objects.filter(pk=into.pk, severity__lt=outcome.loop.severity).update(severity=outcome.loop.severity)
    lifecycle.append_event(
        outcome.loop, LoopEvent.Kind.JOINED, ACTOR, now, loop_id=into.loop_id, state=before
    )


def repropose_split_loops(switch: FingerprintSwitch, numbers: Iterable[int], now: datetime) -> None:
    """Propose joined loops again whose cluster ids are in use after the switch."""
    ids = {cluster_id(number) for number in numbers}
    for loop in Loop.objects.filter(project=switch.project, state=Loop.State.JOINED, cluster_id__in=ids):
        lifecycle.apply_trigger(loop, Trigger.PARTED, now, joined_to=None)
        lifecycle.append_event(loop, LoopEvent.Kind.PROPOSED, ACTOR, now, packet_id=loop.packet_id)
