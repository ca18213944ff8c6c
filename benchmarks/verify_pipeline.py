"""
One case through the product: spans in as OTLP bytes, a loop that ships between the windows, the verdict of that.

Nothing of the data is known to the product but its spans; a case without a failure has no loop and stays undecided.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from benchmarks.quality_sets.place import Place
from benchmarks.verify_windows import Case, Span, requests, spans

if TYPE_CHECKING:
    from diagnosis.models import Loop, Packet
    from telemetry.models import Record
    from tenants.models import Project

SHIPPED = datetime(2026, 1, 5, tzinfo=UTC)
NO_CLUSTER = 1  # of an operation that is slow and does not fail


def verdict(case: Case) -> str:
    """What the product says about the case."""
    from diagnosis.verification.verify import verify

    latency = case["kind"] == "latency"
    before, after = (spans(case[side], latency) for side in ("baseline", "current"))
    seconds = [case[side].get("seconds") or 3600 for side in ("baseline", "current")]
    place = Place.new("verify")
    start = SHIPPED - timedelta(seconds=seconds[0])
    send(place, case["id"], start, before, after)
    loop = shipped_loop(place.project, start, latency)
    found = verify(loop, SHIPPED + timedelta(seconds=seconds[1])).verdict if loop else "inconclusive"
    forget(place.project)
    return found


def send(place: Place, name: str, start: datetime, before: list[Span], after: list[Span]) -> None:
    """Both windows as requests."""
    from telemetry.windows import unix_nano

    for side, begins, window in (("before", start, before), ("after", SHIPPED, after)):
        for body in requests(f"{name} {side}", unix_nano(begins), window):
            place.send(body, json=False)


def shipped_loop(project: Project, start: datetime, latency: bool) -> Loop | None:
    """A loop that was found in the window before, and approved, and shipped; None without a failure."""
    from diagnosis.handoff import reports
    from diagnosis.models import Loop, LoopEvent, Packet
    from telemetry.grouping.fingerprint import cluster_id
    from telemetry.models import Record
    from telemetry.windows import rfc3339
    from tenants.stores.binding import bind

    with bind(project):
        failing = Record.objects.filter(fingerprint__isnull=False).first()
        record = failing or (Record.objects.first() if latency else None)
        if record is None:
            return None
        document = {"window": {"start": rfc3339(start), "end": rfc3339(SHIPPED)}}
        packet = Packet.objects.create(project=project, status="ready", document=document, created_at=SHIPPED)
        loop = made(project, packet, record, cluster_id((not latency and record.fingerprint) or NO_CLUSTER))
        loop.signal_type = "latency" if latency else "error"
        loop.save()
        reports.record_report(loop, LoopEvent.Kind.SHIPPED, "benchmark", SHIPPED, shipped_at=SHIPPED)
    return Loop.objects.get(pk=loop.pk)


def made(project: Project, packet: Packet, record: Record, cluster: str) -> Loop:
    """An approved loop."""
    from diagnosis.models import Loop, Severity

    return Loop.objects.create(
        project=project,
        cluster_id=cluster,
        state=Loop.State.APPROVED,
        title="benchmark",
        severity=Severity.HIGH,
        service=record.service,
        operation=record.operation,
        failures=1,
        issue={},
        packet=packet,
        created_at=SHIPPED,
        updated_at=SHIPPED,
    )


def forget(project: Project) -> None:
    """Delete the project's file: thousands of cases would fill a disk."""
    from tenants.stores import pool, project_file

    pool.close_all()
    for path in project_file.path_of(project.project_id).parent.glob(f"{project.project_id}*"):
        path.unlink()
