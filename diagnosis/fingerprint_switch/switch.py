"""
A project's fingerprints switched to another version: begin -> wait -> map -> rewrite -> carry.

Each step is short and leaves behind how far it came, so that a crash, a lock or a closed browser costs no more than
to go on. Records that come meanwhile have the new version from the first moment (telemetry/store/version_lease.py),
so nothing is left behind. What reads clusters waits (switch_lock.py). docs/diagnosis.md#versions
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from diagnosis.fingerprint_switch import carry_over
from diagnosis.models import FingerprintSwitch
from telemetry import regrouping
from telemetry.grouping import versions
from telemetry.models import Record
from telemetry.regrouping import START, Position
from telemetry.store import append, version_lease
from tenants.audit import audit_log
from tenants.models import Project
from tenants.stores.binding import bind

Phase = FingerprintSwitch.Phase
BATCH = 250  # records of one transaction, so that ingest waits a tenth of a second at most
PAUSE = 0.005  # seconds between two of them; who waits for the lock asks each millisecond


class CannotSwitch(Exception):
    """There is no such version, the project has it already, or another switch is under way."""


def under_way(project: Project) -> FingerprintSwitch | None:
    """The switch that was begun and not finished."""
    return (
        FingerprintSwitch.objects.filter(project=project, finished_at=None).select_related("project").first()
    )


@transaction.atomic
def begin(project: Project, to_version: int, by: audit_log.Actor, now: datetime) -> FingerprintSwitch:
    """The project has the new version from here on; `advance` does the rest. CannotSwitch, with the reason."""
    current = Project.objects.select_for_update().get(pk=project.pk)
    before = current.fingerprint_version
    if before != project.fingerprint_version or to_version == before or to_version not in versions.RULES:
        raise CannotSwitch(f"{project} has version {before} and cannot be switched to {to_version}.")
    if under_way(project):
        raise CannotSwitch(f"A switch of {project} is under way: go on with that one first.")
    current.fingerprint_version = project.fingerprint_version = to_version
    current.save(update_fields=["fingerprint_version"])
    switch = FingerprintSwitch.objects.create(
        project=current, from_version=before, to_version=to_version, actor=by.actor, started_at=now
    )
    told = {"before": before, "after": to_version}
    audit_log.record(
        audit_log.AuditEvent.CHANGED,
        f"project:{project.pk}",
        by,
        now,
        current.tenant_id,
        fingerprint_version=told,
    )
    return switch


def advance(switch: FingerprintSwitch, seconds: float = math.inf) -> FingerprintSwitch:
    """Go on for about so long, by one step at least; the switch as it is then."""
    until = time.monotonic() + seconds
    with bind(switch.project):
        while switch.phase != Phase.DONE:
            STEPS[Phase(switch.phase)](switch)
            switch.refresh_from_db()
            if time.monotonic() > until:
                break
    return switch


def wait(switch: FingerprintSwitch) -> None:
    """Until every request that knows the old version is stored, or will ask again."""
    waited = (timezone.now() - switch.started_at).total_seconds()
    time.sleep(min(max(0.0, version_lease.WAIT - waited), version_lease.WAIT))
    with append.checked_transaction():  # whoever had the lock is done
        pass
    enter(switch, Phase.MAPPING)


def map_some(switch: FingerprintSwitch) -> None:
    """Where the next records go. Nothing is written to the store, so that a loop's whole cluster is known first."""
    rows = next_rows(switch)
    if not rows:
        enter(switch, Phase.REWRITING)
        return
    rules = versions.numbered(switch.to_version)
    moves: dict[str, dict[str, int]] = {old: dict(parts) for old, parts in switch.moves.items()}
    for row, new in zip(rows, regrouping.regrouped(rows, rules), strict=True):
        if new != row.fingerprint:
            parts = moves.setdefault(str(row.fingerprint), {})
            parts[str(new)] = parts.get(str(new), 0) + 1
    step(switch, position=text(rows[-1]), moves=moves, mapped=switch.mapped + len(rows))


def rewrite_some(switch: FingerprintSwitch) -> None:
    """The next records and their counts, in one transaction of the store. Done twice, it changes nothing."""
    with append.checked_transaction():
        rows = next_rows(switch)
        changed = regrouping.rewrite(rows, versions.numbered(switch.to_version)) if rows else 0
    if not rows:
        enter(switch, Phase.CARRYING)
        return
    step(switch, position=text(rows[-1]), rewritten=switch.rewritten + changed)
    time.sleep(PAUSE)


def carry(switch: FingerprintSwitch) -> None:
    """Loops and evals, and the end."""
    counted, now = carry_over.baselines(switch), timezone.now()
    with transaction.atomic():
        if step(switch, phase=Phase.DONE, finished_at=now):
            carry_over.carry(switch, counted, now)


STEPS: dict[FingerprintSwitch.Phase, Callable[[FingerprintSwitch], None]] = {
    Phase.WAITING: wait,
    Phase.MAPPING: map_some,
    Phase.REWRITING: rewrite_some,
    Phase.CARRYING: carry,
}


def next_rows(switch: FingerprintSwitch) -> list[Record]:
    """The records behind the position."""
    return regrouping.after(position(switch.position), BATCH)


def enter(switch: FingerprintSwitch, phase: FingerprintSwitch.Phase) -> None:
    """The next phase, from the first record on."""
    step(switch, phase=phase, position="")


def step(switch: FingerprintSwitch, **fields: object) -> bool:
    """Write how far it came; False if somebody else went on with the same switch, so that nothing counts twice."""
    known = FingerprintSwitch.objects.filter(pk=switch.pk, phase=switch.phase, position=switch.position)
    return bool(known.update(**fields))


def text(row: Record) -> str:
    """The record's position."""
    start, trace_id, span_id = regrouping.position_of(row)
    return f"{start} {trace_id.hex()} {span_id.hex()}"


def position(text: str) -> Position:
    """Back from text."""
    if not text:
        return START
    start, trace_id, span_id = text.split(" ")
    return int(start), bytes.fromhex(trace_id), bytes.fromhex(span_id)
