"""
Approval by two people, which a tenant may require from a severity upwards, both on the same content.

The first approval does not change the state: it is stored as a decision, and the loop still waits, with a new revision.
It counts as long as the loop has that revision, so any change of the loop voids it: a rejection, a return, changed
content. Of two people who approve at the same moment, one is the first, and the other gets AlreadyDecided.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F, QuerySet

from diagnosis.loops.states import UNDER_APPROVAL
from diagnosis.models import Decision, Loop

NEEDED = 2


class SamePerson(Exception):
    """The second approval comes from the person who gave the first."""


def approvals_needed(loop: Loop) -> int:
    """The number of people who must approve this loop."""
    lowest = loop.project.tenant.two_people
    return NEEDED if 0 < lowest <= loop.severity else 1


def approvals_as_far_as_known(loop: Loop) -> int | None:
    """
    The number of people who must approve this loop; None where its severity decides and no human's page measured it.

    Measuring reads weeks of telemetry (worst_severity.py), which lists do not. What was decided has its number.
    """
    lowest = loop.project.tenant.two_people
    is_known = not lowest or lowest <= loop.severity or loop.state in UNDER_APPROVAL
    return approvals_needed(loop) if is_known else None


def pending(loop: Loop) -> Decision | None:
    """The first of two approvals while it counts, else None. Uses prefetched decisions."""
    newest: Decision | None = next(iter(loop.decisions.all()), None)
    return newest if newest and newest.is_first and newest.revision + 1 == loop.revision else None


def counting_approvals(loop: Loop) -> list[Decision]:
    """The approvals that count now, in their order: none, the first of two, or all that were needed."""
    # Sliced as a list, not in SQL, to use prefetched decisions. The newest comes first.
    latest = list(loop.decisions.all())[:2]
    first = pending(loop)
    if first or not latest or loop.state not in UNDER_APPROVAL:
        return [first] if first else []
    first_of_two = [
        decision
        for decision in latest[1:]
        if decision.is_first and decision.revision + 1 == latest[0].revision
    ]
    return [*first_of_two, latest[0]]


def half_approved(loops: QuerySet[Loop] | Sequence[str]) -> set[str]:
    """The ids of those of these loops, given as a query or by their ids, that have the first of two approvals."""
    counting = Decision.objects.filter(is_first=True, revision=F("loop__revision") - 1, loop__in=loops)
    return set(counting.order_by().values_list("loop_id", flat=True))
