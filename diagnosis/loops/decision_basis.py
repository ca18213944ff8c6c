"""The subject of a decision on a loop: the packet that the person had in sight, its issue, and the stored content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError

from diagnosis.loops import content_hash
from diagnosis.models import Decision, Loop, Packet


@dataclass(frozen=True, slots=True)
class Basis:
    """What a decision is about, as it is stored at that moment."""

    packet: Packet
    issue: dict[str, Any]
    stored: content_hash.StoredContent | None = None  # None if the store does not answer

    @property
    def parts(self) -> content_hash.Parts:
        """The hashes of the content's parts; empty if the evidence could not be read."""
        return self.stored.parts(content_hash.CURRENT_VERSION) if self.stored else {}

    @property
    def hash(self) -> str:
        """The hash of the content; "" if the evidence could not be read."""
        return content_hash.hashed(self.parts) if self.parts else ""

    def is_content_of(self, decision: Decision) -> bool:
        """Whether the decision was on this content, by the decision's version."""
        return self.stored is not None and not content_hash.changes_since(decision, self.stored)


def issue_seen(loop: Loop, packet: Packet) -> dict[str, Any]:
    """The issue in the packet that the person had in sight: what the decision is about, and what is handed over."""
    issues = packet.document.get("issues", [])
    own = (
        issue for issue in issues if loop.pk == issue.get("loop_id") or loop.cluster_id == issue["cluster_id"]
    )
    return dict(next(own, loop.issue)) | {"cluster_id": loop.cluster_id}


def basis(loop: Loop) -> Basis:
    """What a decision on this loop would be about, with the packet that it names now."""
    packet = Packet.objects.get(pk=loop.packet_id)
    issue = issue_seen(loop, packet)
    try:
        return Basis(packet, issue, content_hash.stored_content(loop, issue))
    except (DatabaseError, OSError):
        return Basis(packet, issue)
