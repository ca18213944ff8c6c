"""
The switch of a project's fingerprints to another version: begin -> wait -> map -> rewrite -> carry.

Each step is short and stores its position, so that after a crash, a lock or a closed browser the switch continues
where it was. Records that arrive meanwhile get fingerprints of the new version, so no record keeps the old one
(telemetry/store/version_freshness.py). Diagnosis and verification are refused until the switch is done
(switch_lock.py).
docs/diagnosis.md#versions
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
from telemetry.recharging import charged_clusters
from telemetry.regrouping import START, Position
from telemetry.store import transactions, version_freshness
from tenants.audit import audit_log
from tenants.models import Project
from tenants.stores.binding import bind

Phase = FingerprintSwitch.Phase
BATCH = 250  # records per transaction, so that ingest waits a tenth of a second at most
PAUSE = 0.005  # seconds between two transactions; a writer that waits for the lock retries each millisecond


class CannotSwitch(Exception):
    """The version does not exist, the project has it already, or another switch is under way."""


def under_way(project: Project) -> FingerprintSwitch | None:
    """The project's unfinished switch, or None."""
    return (
        FingerprintSwitch.objects.filter(project=project, finished_at=None).select_related("project").first()
    )


@transaction.atomic
def begin_switch(project: Project, to_version: int, by: audit_log.Actor, now: datetime) -> FingerprintSwitch:
    """
    Set the project's new version and store the switch, which `advance_switch` carries out.

    Raises CannotSwitch, with the reason.
    """
    current = Project.objects.select_for_update().get(pk=project.pk)
    before = current.fingerprint_version
    if before != project.fingerprint_version or to_version == before or to_version not in versions.VERSIONS:
        raise CannotSwitch(f"{project} has version {before} and cannot be switched to {to_version}.")
    if under_way(project):
        raise CannotSwitch(f"A switch of {project} is under way: finish that one first.")
    current.fingerprint_version = project.fingerprint_version = to_version
    current.save(update_fields=["fingerprint_version"])
    switch = FingerprintSwitch.objects.create(
        project=current, from_version=before, to_version=to_version, actor=by.actor, started_at=now
    )
    change = {"before": before, "after": to_version}
    audit_log.append_entry(
        audit_log.AuditEvent.CHANGED,
        f"project:{project.pk}",
        by,
        now,
        current.tenant_id,
        fingerprint_version=change,
    )
    return switch


def advance_switch(switch: FingerprintSwitch, seconds: float = math.inf) -> FingerprintSwitch:
    """Carry the switch on for about that long, at least by one step, and return it as it is then."""
    deadline = time.monotonic() + seconds
    with bind(switch.project):
        while switch.phase != Phase.DONE:
            STEPS[Phase(switch.phase)](switch)
            switch.refresh_from_db()
            if time.monotonic() > deadline:
                break
    return switch


def wait(switch: FingerprintSwitch) -> None:
    """Wait until each request that read the old version is stored, or will read the version again."""
    waited = (timezone.now() - switch.started_at).total_seconds()
    time.sleep(min(max(0.0, version_freshness.WAIT - waited), version_freshness.WAIT))
    # Taking the lock once waits for the transaction that holds it.
    with transactions.checked_transaction():
        pass
    enter(switch, Phase.MAPPING)


def map_some(switch: FingerprintSwitch) -> None:
    """
    Count the new clusters of the next records in `switch.moves`.

    Writes nothing to the store: the moves must be complete before the first record changes.
    """
    rows = next_rows(switch)
    if not rows:
        enter(switch, Phase.REWRITING)
        return
    rules = versions.rules_of_version(switch.to_version)
    moves: dict[str, dict[str, int]] = {old: dict(parts) for old, parts in switch.moves.items()}
    for row, new in zip(rows, charged_clusters(rows, rules), strict=True):
        if new != row.fingerprint:
            parts = moves.setdefault(str(row.fingerprint), {})
            parts[str(new)] = parts.get(str(new), 0) + 1
    step(switch, position=position_text(rows[-1]), moves=moves, mapped=switch.mapped + len(rows))


def rewrite_some(switch: FingerprintSwitch) -> None:
    """Rewrite the next records and their counts, in one transaction of the store. Idempotent."""
    with transactions.checked_transaction():
        rows = next_rows(switch)
        changed = regrouping.rewrite(rows, versions.rules_of_version(switch.to_version)) if rows else 0
    if not rows:
        enter(switch, Phase.CARRYING)
        return
    step(switch, position=position_text(rows[-1]), rewritten=switch.rewritten + changed)
    time.sleep(PAUSE)


def finish_switch(switch: FingerprintSwitch) -> None:
    """Move the loops and evals, and finish the switch."""
    baselines, now = carry_over.baselines(switch), timezone.now()
    with transaction.atomic():
        if step(switch, phase=Phase.DONE, finished_at=now):
            carry_over.carry_loops(switch, baselines, now)


STEPS: dict[FingerprintSwitch.Phase, Callable[[FingerprintSwitch], None]] = {
    Phase.WAITING: wait,
    Phase.MAPPING: map_some,
    Phase.REWRITING: rewrite_some,
    Phase.CARRYING: finish_switch,
}


def next_rows(switch: FingerprintSwitch) -> list[Record]:
    """The next records after the stored position."""
    return regrouping.after(position(switch.position), BATCH)


def enter(switch: FingerprintSwitch, phase: FingerprintSwitch.Phase) -> None:
    """Begin the phase, at the first record."""
    step(switch, phase=phase, position="")


def step(switch: FingerprintSwitch, **fields: object) -> bool:
    """
    Store the progress, and return whether it was stored.

    False if another process advanced the same switch meanwhile, so that nothing is counted twice.
    """
    as_read = FingerprintSwitch.objects.filter(pk=switch.pk, phase=switch.phase, position=switch.position)
    return bool(as_read.update(**fields))


def position_text(row: Record) -> str:
    """The record's position as text, which `position` parses."""
    start, trace_id, span_id = regrouping.position_of(row)
    return f"{start} {trace_id.hex()} {span_id.hex()}"


def position(text: str) -> Position:
    """The position that `position_text` wrote; START for an empty text."""
    if not text:
        return START
    start, trace_id, span_id = text.split(" ")
    return int(start), bytes.fromhex(trace_id), bytes.fromhex(span_id)
