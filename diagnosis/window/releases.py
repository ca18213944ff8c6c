"""
Which records count as after a fix, where records say their release (`service.version`).

https://opentelemetry.io/docs/specs/semconv/resource/#service. Time alone would count hosts that still run the old
release. Later releases have the fix too, and versions have no order that holds everywhere: so what counts is every
record since the fix shipped but those of a release that ran before it.
"""

from __future__ import annotations

from diagnosis.window import exposure
from telemetry.windows import Window

LOOKED_AT = 5_000  # records of a window, the newest: a release that runs is among them


def seen(window: Window, service: str) -> frozenset[str]:
    """The releases of the service in the bound project's window; records that do not say one are left aside."""
    newest = exposure.records(window).order_by("-start_time_unix_nano").values_list("service", "release")
    return frozenset(release for name, release in newest[:LOOKED_AT] if name == service and release)


def without(release: str, before: frozenset[str], after: frozenset[str]) -> frozenset[str]:
    """The releases that do not count as after; none where no record has the fix's release, so that time decides."""
    return before - {release} if release in after else frozenset()
