"""
The project's last packet as the answer to another diagnosis, where a new one would find the same.

It is, if nothing was written to the project's store since, no loop changed, the rules are the same (the code and the
version of fingerprints), and the window has the same length and the same records. A window that ends now moves with the
time: then no record may start between the old and the new bounds of the window and of the one before it, which it is
compared with. The packet names the window that it counted.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db.models import Count, Max, Sum

from diagnosis.models import Loop, LoopEvent, Packet
from diagnosis.window import exposure
from telemetry.windows import MINUTE_NANO, Window
from tenants.models import Project

APPS = ("diagnosis", "telemetry", "tenants")
# How far a window that ends now may have moved: a tenth of its length, an hour at most.
FURTHEST_SHARE, FURTHEST_NANO = 10, 60 * MINUTE_NANO


def basis_of(project: Project, stamp: str) -> str:
    """A digest of everything but the window that a packet follows from; `stamp` is that of the project's store."""
    loops = Loop.objects.filter(project=project).order_by("state").values_list("state")
    states = list(loops.annotate(Count("pk"), Sum("revision"), Max("updated_at")))
    events = LoopEvent.objects.filter(loop__project=project).aggregate(Max("pk"))
    parts = (
        stamp,
        states,
        events,
        project.fingerprint_version,
        project.production_environments,
        code_digest(),
        settings.LOOPKIT_OPEN_LOOPS,
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def packet_that_still_holds(project: Project, window: Window, stamp: str) -> Packet | None:
    """The bound project's last packet if a diagnosis of the window would find the same now, else None."""
    packet = Packet.objects.filter(project=project).defer("document").first()
    if packet is None or not packet.basis or packet.basis != basis_of(project, stamp):
        return None
    counted = Window.from_document(packet.document["window"])
    return packet if has_same_records(counted, window) else None


def has_same_records(counted: Window, asked: Window) -> bool:
    """Whether both windows, and those before them, hold the same records of the bound store."""
    if asked.ahead_nano:  # the packet does not say how much of its window lies ahead
        return False
    length = asked.length_nano
    moved = asked.end_unix_nano - counted.end_unix_nano
    if counted.end_unix_nano - counted.start_unix_nano != length:
        return False
    if not 0 <= moved <= min(length // FURTHEST_SHARE, FURTHEST_NANO):
        return False
    bounds = zip(bounds_of(counted), bounds_of(asked), strict=True)
    return not any(exposure.records(Window(*bound)).exists() for bound in bounds)


def bounds_of(window: Window) -> tuple[int, int, int]:
    """Where the window before begins, where the window begins, and where it ends."""
    return window.before.start_unix_nano, window.start_unix_nano, window.end_unix_nano


@lru_cache(maxsize=1)
def code_digest() -> str:
    """A digest of the code that decides what a packet says, so that an upgrade answers anew."""
    root = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for path in sorted(path for app in APPS for path in (root / app).rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
