"""
The records that count as after a fix, by the release that they name (`service.version`).

https://opentelemetry.io/docs/specs/semconv/resource/#service. By time alone, hosts that still run an older release
would count as fixed, and a client that comes back with one as a regression. So records count that name the release of
the fix, or a release that is first seen after it and whose name does not say that it is older. Records of any other
release of the service, and those without one, speak neither for nor against the fix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from diagnosis.display.sentences import Sentence
from diagnosis.window import release_names
from diagnosis.window.shared_reads import shared
from telemetry.models import Release
from telemetry.windows import MINUTE_NANO, Window

SHOWN = 10  # releases that an answer names
UNKNOWN = (
    "No record names release {release}. Records of {service} name {seen_releases}. Until one names it, only releases "
    "that are first seen after the fix shipped count; if it is named otherwise, correct the release."
)
UNNAMED = "No record of {service} names a release, so every record since the fix shipped counts."
OF_ANOTHER = "Release {release} is one of {release_service}, so every record of {service} since the fix shipped counts."


NO_NOTE = Sentence("")


class SeenRelease(NamedTuple):
    """A release of a service in the bound project's store; "" stands for records that name none."""

    service: str
    name: str
    first_unix_nano: int
    last_minute: int


@dataclass(frozen=True, slots=True)
class ReleaseChoice:
    """The releases of a service whose records do not count as after the fix, and what is to be known about it."""

    left_out: frozenset[str] = frozenset()
    note: Sentence = NO_NOTE
    first_unix_nano: int | None = None  # of the first record that names the release of the fix

    def in_window(self, window: Window, seen: Sequence[SeenRelease]) -> frozenset[str]:
        """Those left out that may have records in the window."""
        first = window.start_unix_nano // MINUTE_NANO
        return self.left_out & {release.name for release in seen if release.last_minute >= first}


@shared
def of_service(service: str) -> list[SeenRelease]:
    """The releases of the service in the bound project's store, first seen last."""
    rows = Release.objects.filter(service=service).order_by("-first_unix_nano", "release")
    return [
        SeenRelease(*row) for row in rows.values_list("service", "release", "first_unix_nano", "last_minute")
    ]


def choose(release: str, service: str, seen: Sequence[SeenRelease], shipped_unix_nano: int) -> ReleaseChoice:
    """
    Which releases of the service do not count as after a fix that shipped with this release; read from the bound store.

    Args:
        release: as reported. If it is "", every record since the fix shipped counts.
        seen: the releases of the service.
    """
    named = [one for one in seen if one.name]
    if not release:
        return ReleaseChoice()
    if not named:
        return ReleaseChoice(note=Sentence(UNNAMED, {"service": service}))
    fix_names = release_names.matching(release, [one.name for one in named])
    if fix_names:
        first = min(one.first_unix_nano for one in named if one.name in fix_names)
        older = older_than_fix(release, seen, fix_names, max(first, shipped_unix_nano))
        return ReleaseChoice(older, first_unix_nano=first)
    if elsewhere := service_of(release):
        values = {"release": release, "release_service": elsewhere, "service": service}
        return ReleaseChoice(note=Sentence(OF_ANOTHER, values))
    note = Sentence(
        UNKNOWN,
        {"release": release, "service": service, "seen_releases": [one.name for one in named[:SHOWN]]},
    )
    return ReleaseChoice(older_than_fix(release, seen, frozenset(), shipped_unix_nano), note)


def older_than_fix(
    release: str, seen: Sequence[SeenRelease], fix_names: frozenset[str], since_unix_nano: int
) -> frozenset[str]:
    """The releases that were seen before, or are older by their names, and do not carry the fix."""
    return frozenset(
        one.name
        for one in seen
        if one.name not in fix_names
        and (
            not one.name
            or one.first_unix_nano < since_unix_nano
            or release_names.is_older(one.name, than=release)
        )
    )


def service_of(release: str) -> str | None:
    """A service of the bound project whose records name this release, or None."""
    rows = Release.objects.exclude(release="").order_by("-first_unix_nano").values_list("service", "release")
    names = dict.fromkeys(name for _, name in rows)
    fix_names = release_names.matching(release, names)
    return next((service for service, name in rows if name in fix_names), None)
