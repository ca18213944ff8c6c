"""The subject of a decision on a loop: the packet that the page shows, its issue, and the stored content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError

from diagnosis.loops import content_hash
from diagnosis.models import Decision, Loop, Packet


@dataclass(frozen=True, slots=True)
class DecisionBasis:
    """The subject of a decision, as it is stored at that moment."""

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
        """Whether the decision covers this content, by the decision's version of the hash."""
        return self.stored is not None and not content_hash.changes_since(decision, self.stored)


def issue_seen(loop: Loop, packet: Packet) -> dict[str, Any]:
    """The loop's issue in the packet that the page shows, which is decided on and later handed over."""
    issues = packet.document.get("issues", [])
    matches = (
        issue for issue in issues if loop.pk == issue.get("loop_id") or loop.cluster_id == issue["cluster_id"]
    )
    return dict(next(matches, loop.issue)) | {"cluster_id": loop.cluster_id}


def basis(loop: Loop) -> DecisionBasis:
    """The subject of a decision on this loop now."""
    packet = Packet.objects.get(pk=loop.packet_id)
    issue = issue_seen(loop, packet)
    try:
        return DecisionBasis(packet, issue, content_hash.stored_content(loop, issue))
    except (DatabaseError, OSError):
        return DecisionBasis(packet, issue)
