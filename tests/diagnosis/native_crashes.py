"""
Native crashes, on which the versions differ: `DRIVER` and `LOADER` are two clusters by version 1 and one by version 2.

`JAVA` is one cluster by both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from diagnosis.fingerprint_switch import switch
from diagnosis.models import FingerprintSwitch
from telemetry.grouping.fingerprint import cluster_id
from telemetry.models import Record, Rollup
from telemetry.store.counts.row_groups import bucket
from telemetry.windows import MINUTE_NANO
from tenants.audit import audit_log
from tenants.models import Project
from tenants.stores.binding import bind
from tests.telemetry.factory import key_values, span, store

DRIVER = "SIGABRT: x\n  at abort ()\n  at gpusGenerateCrashLog ()\n  at draw ()\n  at stage_update ()\n"
LOADER = "SIGABRT: x\n  at abort ()\n  at dlopen_internal ()\n  at draw ()\n  at stage_update ()\n"
JAVA = "shop.E: x\n\tat shop.Cart.total(Cart.java:9)\n"


def crashes(
    stack: str, at: datetime, count: int = 1, name: str = "paint", **fields: Any
) -> list[dict[str, Any]]:
    """So many spans that crashed this way, a second apart."""
    told = {"exception.type": stack.partition(":")[0], "exception.message": "", "exception.stacktrace": stack}
    event = {"name": "exception", "timeUnixNano": "1", "attributes": key_values(told)}
    moments = [at + timedelta(seconds=number) for number in range(count)]
    return [
        span(name, trace=f"{hash_of(stack)}{moment}{name}", at=moment, error="x", events=[event], **fields)
        for moment in moments
    ]


def hash_of(stack: str) -> str:
    """A name for the stack."""
    return "".join(stack.split())[-60:]


def send(project: Project, now: datetime, *spans: Iterable[dict[str, Any]]) -> None:
    """Store the spans with the version that the project has by now."""
    store(Project.objects.get(pk=project.pk), [one for some in spans for one in some], now)


def switched(project: Project, to: int, now: datetime) -> FingerprintSwitch:
    """The project's switch to that version, from begin to end."""
    return switch.advance_switch(
        switch.begin_switch(Project.objects.get(pk=project.pk), to, audit_log.SHELL, now)
    )


def clusters(project: Project) -> Counter[str]:
    """The failing records by cluster."""
    with bind(project):
        rows = Record.objects.filter(fingerprint__isnull=False).values_list("fingerprint", flat=True)
        return Counter(cluster_id(number or 0) for number in rows)


def counted(project: Project) -> list[Any]:
    """The rollups, but for the longest duration, which only an empty group forgets."""
    with bind(project):
        fields = (
            "minute",
            "service",
            "operation",
            "fingerprint",
            "duration_bucket",
            "count",
            "duration_nano_sum",
        )
        return sorted(Rollup.objects.values_list(*fields))


def recounted(project: Project) -> list[Any]:
    """The same from the records."""
    groups: dict[Any, list[int]] = {}
    with bind(project):
        for row in Record.objects.all():
            minute = row.start_time_unix_nano // MINUTE_NANO
            key = (minute, row.service, row.operation, row.fingerprint or 0, bucket(row.duration_nano))
            groups.setdefault(key, []).append(row.duration_nano)
    return sorted((*key, len(nanos), sum(nanos)) for key, nanos in groups.items())
