"""
Two people approve, where a tenant wants it: from a severity upwards, both on the same content.

The first approval moves nothing: it is kept as a decision, and the loop waits on with a new revision. It counts for
as long as that is the loop's revision, so whatever changes the loop takes it back: a rejection, a return, a content
that is no longer the same. Of two people who approve at the same moment one is the first, and the other is told.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F

from diagnosis.loops.states import UNDER_APPROVAL
from diagnosis.models import Decision, Loop

NEEDED = 2


class SamePerson(Exception):
    """Who gave the first approval cannot give the second."""


def needed(loop: Loop) -> int:
    """How many people must approve this loop."""
    lowest = loop.project.tenant.two_people
    return NEEDED if 0 < lowest <= loop.severity else 1


def pending(loop: Loop) -> Decision | None:
    """The first approval while it counts. The loop's decisions may have been read before."""
    newest: Decision | None = next(iter(loop.decisions.all()), None)
    return newest if newest and newest.is_first and newest.revision + 1 == loop.revision else None


def given(loop: Loop) -> list[Decision]:
    """The approvals that count now, in their order: none, the first of two, or all that were needed."""
    made = list(loop.decisions.all())[:2]  # not in SQL: they may have been read before
    first = pending(loop)
    if first or not made or loop.state not in UNDER_APPROVAL:
        return [first] if first else []
    before = [one for one in made[1:] if one.is_first and one.revision + 1 == made[0].revision]
    return [*before, made[0]]


def half_approved(loops: Iterable[Loop]) -> list[Decision]:
    """The first approvals that count among these loops, in one query."""
    given = Decision.objects.filter(is_first=True, revision=F("loop__revision") - 1)
    return list(given.filter(loop__in=[loop.pk for loop in loops]).select_related("loop", "decided_by"))
