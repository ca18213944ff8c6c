"""
The releases whose records do not count as after a fix, where records name their release (`service.version`).

https://opentelemetry.io/docs/specs/semconv/resource/#service. By time alone, hosts that still run the old release would
count as fixed. Later releases have the fix, too, and versions have no order that holds everywhere. So all records since
the fix shipped count, except those of a release that ran before it.
"""

from __future__ import annotations

from diagnosis.window import exposure
from telemetry.windows import Window

NEWEST = 5_000  # records of a window, of all services; every release that still runs is expected among them


def releases_in(window: Window, service: str) -> frozenset[str]:
    """The releases that records of the service name, among the newest of the bound project's window."""
    newest = exposure.records(window).order_by("-start_time_unix_nano").values_list("service", "release")
    return frozenset(release for name, release in newest[:NEWEST] if name == service and release)


def excluded_releases(release: str, before: frozenset[str], after: frozenset[str]) -> frozenset[str]:
    """The releases whose records do not count as after; none if no record has the fix's release: then time decides."""
    return before - {release} if release in after else frozenset()
