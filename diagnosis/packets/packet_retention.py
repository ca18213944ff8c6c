"""
How long packets stay: the newest of a project whole, of older ones only what loops and decisions refer to.

An older packet that nothing refers to is deleted, with the evals of failures that have no loop. What a loop shows, an
approval covers and a handoff contains is stored with the loop, and is not changed here. Nor is a packet that a page
shows to somebody who decides: agents make packets as fast as they like, and reading takes its time.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from diagnosis.display.quantities import counted
from diagnosis.models import Decision, EvalCandidate, Loop, Packet
from tenants.models import Project

MOST_LONE_EVALS = 500  # evals of a project whose failures have no loop


def keep_shown(loops: Iterable[Loop], now: datetime) -> None:
    """Keep the packets of these loops, which a page shows to somebody who may decide, as long as a session lasts."""
    Packet.objects.filter(pk__in={loop.packet_id for loop in loops}).update(shown_at=now)


def forget_old_packets(project: Project, now: datetime) -> None:
    """Delete or shorten all but the newest packets of the project."""
    packets = Packet.objects.filter(project=project)
    old = list(packets.values_list("pk", flat=True)[settings.LOOPKIT_PACKETS :])
    if not old:
        return
    is_kept = Q(pk__in=Loop.objects.filter(project=project).values("packet")) | Q(
        pk__in=Decision.objects.filter(loop__project=project).values("packet")
    )
    # Whoever sends a form later than a session lasts has to sign in again first.
    is_open = Q(shown_at__gt=now - timedelta(seconds=settings.SESSION_COOKIE_AGE))
    # Django reads what it deletes; without `only`, whole documents.
    packets.filter(pk__in=old).exclude(is_kept | is_open).only("pk").delete()
    for packet in packets.filter(pk__in=old, is_whole=True).exclude(is_open):
        shorten(packet)
    forget_lone_evals(project)


def shorten(packet: Packet) -> None:
    """Leave only the issues of loops that the packet belongs to, or that somebody decided on with it in sight."""
    refers = Q(packet=packet) | Q(decisions__packet=packet)
    loop_ids = set(Loop.objects.filter(refers, project=packet.project_id).values_list("pk", flat=True))
    document: dict[str, Any] = packet.document
    issues = [issue for issue in document["issues"] if issue["loop_id"] in loop_ids]
    removed = len(document["issues"]) - len(issues)
    note = f"{counted(removed, 'issue')} that no loop refers to were removed from this old packet."
    packet.document = document | {
        "memory": [],
        "issues": issues,
        "completeness": document["completeness"] | {"complete": False, "note": note},
    }
    packet.is_whole = False
    packet.save(update_fields=["document", "is_whole"])


def forget_lone_evals(project: Project) -> None:
    """Delete the oldest evals of failures without a loop, with their results."""
    lone = lone_evals(project)
    EvalCandidate.objects.filter(pk__in=list(lone.values_list("pk", flat=True)[MOST_LONE_EVALS:])).delete()


def lone_evals(project: Project) -> QuerySet[EvalCandidate]:
    """The evals of the project's failures that have no loop, newest first."""
    with_loop = Loop.objects.filter(project=project).values("cluster_id")
    return EvalCandidate.objects.filter(project=project).exclude(cluster_id__in=with_loop)
