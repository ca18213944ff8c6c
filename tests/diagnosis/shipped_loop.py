"""When the fix of the `loop` fixture shipped, and what it is made of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from diagnosis.models import Packet
from tenants.keys.provisioning import MintedProject

T0 = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)  # the first failures
SHIPPED = T0 + timedelta(hours=2)
Send = Callable[..., None]


def make_packet(minted: MintedProject, window: dict[str, str]) -> Packet:
    """A packet of that window."""
    document = {"window": window}
    return Packet.objects.create(project=minted.project, status="ready", document=document, created_at=T0)


def after(hours: float) -> datetime:
    """So long after the fix shipped."""
    return SHIPPED + timedelta(hours=hours)
