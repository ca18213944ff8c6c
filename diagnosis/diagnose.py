"""
One diagnosis: the failures of a window, measured, ranked, explained, and published as a packet.

    switch_lock.check_no_switch -> settle_overdue_logs -> verify.recheck -> reopening.reopen_outdated -> read_stamp
        -> packet_that_still_holds -> noted_parts -> kept_segments -> read_findings -> publish

- `switch_lock.check_no_switch` refuses while the project's fingerprints are switched.
- `settle_overdue_logs` makes records of failures in logs whose span did not come in time.
- `verify.recheck` verifies earlier fixes of the project again, at most 20 without a final verdict; their loops may
  change state.
- `reopening.reopen_outdated` asks a human again about loops whose content is no longer what was approved.
- `packet_that_still_holds` (diagnosis/packets/reuse.py) answers with the last packet where nothing changed since.
- `noted_parts` collects what cannot be read in a damaged store, for the packet's `completeness`.
- `kept_segments` keeps what it decompresses, so that each record's span is read once.
- `read_findings` (diagnosis/issues/findings.py) reads the window, in one snapshot of the store.
- `publish` stores the packet with a loop for every issue, and proposes rejected loops again that grew.

Deterministic: the same records give the same issues, whatever order or batches they came in.
"""

from __future__ import annotations

from datetime import datetime

from diagnosis.issues.findings import read_findings
from diagnosis.loops import reopening, switch_lock
from diagnosis.models import Packet
from diagnosis.packets.publishing import publish
from diagnosis.packets.reuse import packet_that_still_holds
from diagnosis.verification import verify
from telemetry.ingest import settle_overdue_logs
from telemetry.reads.store_stamp import read_stamp
from telemetry.store.segments import kept_segments
from telemetry.store.transactions import snapshot
from telemetry.store.unreadable_parts import noted_parts
from telemetry.windows import Window
from tenants.models import Project
from tenants.stores.binding import bind


def diagnose(project: Project, window: Window, now: datetime) -> Packet:
    """
    Diagnose the window, and return the stored packet: the last one where a new one would find the same.

    Raises Unavailable while the project's fingerprints are switched.
    """
    switch_lock.check_no_switch(project)
    with bind(project):
        settle_overdue_logs(now)
        verify.recheck(project, now)
        reopening.reopen_outdated(project, now)
        stamp = read_stamp()
        if packet := packet_that_still_holds(project, window, stamp):
            return packet
        with noted_parts() as unreadable, kept_segments():
            with snapshot():
                findings = read_findings(window, project.production_environments)
            return publish(project, findings, stamp, now, unreadable)
