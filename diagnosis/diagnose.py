"""
One diagnosis: the failures of a window, measured, ranked, explained, and published as a packet.

    switch_lock.check_no_switch -> read_findings -> verify.recheck -> reopening.reopen_outdated -> publish

- `switch_lock.check_no_switch` refuses while the project's fingerprints are switched.
- `read_findings` (diagnosis/issues/findings.py) reads the window, in one snapshot of the store.
- `verify.recheck` verifies earlier fixes of the project again, at most 20 without a final verdict; their loops may
  change state.
- `reopening.reopen_outdated` asks a human again about loops whose content is no longer what was approved.
- `publish` stores the packet with a loop for every issue, and proposes rejected loops again that grew.

Deterministic: the same records give the same issues, whatever order or batches they came in.
"""

from __future__ import annotations

from datetime import datetime

from diagnosis.issues.findings import read_findings
from diagnosis.loops import reopening, switch_lock
from diagnosis.models import Packet
from diagnosis.packets.publishing import publish
from diagnosis.verification import verify
from telemetry.store.transactions import snapshot
from telemetry.windows import Window
from tenants.models import Project
from tenants.stores.binding import bind


def diagnose(project: Project, window: Window, now: datetime) -> Packet:
    """
    Diagnose the window, and return the stored packet, with a loop for every issue.

    Raises Unavailable while the project's fingerprints are switched.
    """
    switch_lock.check_no_switch(project)
    with bind(project):
        with snapshot():
            findings = read_findings(window)
        verify.recheck(project, now)
        reopening.reopen_outdated(project, now)
        return publish(project, findings, now)
