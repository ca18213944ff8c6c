"""
Loops and evals follow their clusters to the new ids, in one transaction, by the plan of cluster_map.py.

Where a loop that ended in another one has an id that is needed again, the two exchange their ids: every loop has one
cluster, and every eval keeps the id that it is known by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet

from diagnosis.fingerprint_switch.cluster_map import ClusterOutcome, Moves, fates
from diagnosis.loops import lifecycle
from diagnosis.loops.states import Trigger
from diagnosis.models import EvalCandidate, FingerprintSwitch, Loop, LoopEvent
from diagnosis.verification.recount import recounted
from telemetry.grouping.fingerprint import cluster_id

Baselines = Mapping[str, dict[str, Any] | None]
ACTOR = "loopkit"
BATCH = 100  # rows a statement


def moves_of(switch: FingerprintSwitch) -> Moves:
    """Records by their cluster before and after, as JSON keeps it."""
    return {
        int(old): {int(new): records for new, records in parts.items()} for old, parts in switch.moves.items()
    }


def plan(switch: FingerprintSwitch) -> list[ClusterOutcome]:
    """What becomes of the project's loops."""
    return fates(going_on(switch), moves_of(switch))


def going_on(switch: FingerprintSwitch) -> list[Loop]:
    """The project's loops that have not ended in another."""
    return list(Loop.objects.filter(project=switch.project).exclude(state=Loop.State.JOINED))


def baselines(switch: FingerprintSwitch) -> Baselines:
    """What fixes are measured against from now on, by loop. The project is bound; slow, so before the transaction."""
    return {fate.loop.loop_id: recounted(fate.loop, fate.to) for fate in plan(switch) if fate.to is not None}


def carry(switch: FingerprintSwitch, counted: Baselines, now: datetime) -> None:
    """Move the loops, inside the caller's transaction. What people decided meanwhile counts."""
    list(Loop.objects.select_for_update().filter(project=switch.project).values_list("pk"))
    planned = plan(switch)
    kept = [fate for fate in planned if fate.to is not None and fate.into is None]
    names = {fate.loop.cluster_id: cluster_id(fate.to or 0) for fate in kept}
    rename(Loop.objects.filter(project=switch.project), names)
    rename(EvalCandidate.objects.filter(project=switch.project), names)
    tell_evals(switch, names.values())
    for fate in planned:
        if fate.into is not None:
            end(fate, fate.into, now)
    for fate in kept:
        move(fate, switch, counted.get(fate.loop.loop_id, fate.loop.baseline), now)
    propose_again(switch, {new for parts in moves_of(switch).values() for new in parts}, now)


def rename(rows: QuerySet[Any], names: Mapping[str, str]) -> None:
    """Give what has an old id the new one; who has the new one already gets the old one for it."""
    by_id = dict(rows.filter(cluster_id__in=[*names, *names.values()]).values_list("cluster_id", "pk"))
    for old, new in names.items():
        if old not in by_id:
            continue
        if new in by_id:
            rows.filter(pk=by_id[new]).update(cluster_id="")
        rows.filter(pk=by_id[old]).update(cluster_id=new)
        if new in by_id:
            rows.filter(pk=by_id[new]).update(cluster_id=old)


def tell_evals(switch: FingerprintSwitch, ids: Iterable[str]) -> None:
    """The documents of evals name the cluster, too."""
    moved = list(EvalCandidate.objects.filter(project=switch.project, cluster_id__in=list(ids)))
    for candidate in moved:
        candidate.document = candidate.document | {"cluster_id": candidate.cluster_id}
    EvalCandidate.objects.bulk_update(moved, ["document"], batch_size=BATCH)


def move(
    fate: ClusterOutcome, switch: FingerprintSwitch, baseline: dict[str, Any] | None, now: datetime
) -> None:
    """The loop goes on under the new id, and its history says since when."""
    loop, new = fate.loop, cluster_id(fate.to or 0)
    issue = loop.issue | {"cluster_id": new}
    # Its state stays; whoever had the loop in sight before is told by the revision.
    follows = Loop.objects.filter(pk=loop.pk)
    follows.update(revision=F("revision") + 1, updated_at=now, issue=issue, baseline=baseline)
    lifecycle.note(
        loop,
        LoopEvent.Kind.MOVED,
        ACTOR,
        now,
        cluster_id={"before": loop.cluster_id, "after": new},
        fingerprint_version={"before": switch.from_version, "after": switch.to_version},
        joined=[other.loop_id for other in fate.joined],
        proposed_anew=[cluster_id(number) for number in fate.others],
    )


def end(fate: ClusterOutcome, into: Loop, now: datetime) -> None:
    """The loop ends in another one."""
    before = fate.loop.state
    lifecycle.change(fate.loop, Trigger.JOINED, now, joined_to=into)
    lifecycle.note(fate.loop, LoopEvent.Kind.JOINED, ACTOR, now, loop_id=into.loop_id, state=before)


def propose_again(switch: FingerprintSwitch, numbers: Iterable[int], now: datetime) -> None:
    """Loops that ended in another, and whose cluster is one of its own again."""
    ids = {cluster_id(number) for number in numbers}
    for loop in Loop.objects.filter(project=switch.project, state=Loop.State.JOINED, cluster_id__in=ids):
        lifecycle.change(loop, Trigger.PARTED, now, joined_to=None)
        lifecycle.note(loop, LoopEvent.Kind.PROPOSED, ACTOR, now, packet_id=loop.packet_id)
