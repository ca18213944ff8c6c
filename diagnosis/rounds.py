"""
The periodic jobs: verify fixes that shipped, watch those that held, ask a human again where what was approved is gone
or changed, forget old notices, send mail.

One round; loopkit/rounds.py says who makes it and when. `manage.py verify_loops` calls the same `review` for each
project, `manage.py send_notices` sends the mail.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db.models import F, Q, QuerySet

from diagnosis.loops import reopening
from diagnosis.loops.states import UNDER_APPROVAL
from diagnosis.models import Loop, Verification
from diagnosis.notices import notice_rows, outbox
from diagnosis.verification.verify import MOST, recheck
from tenants.models import Project

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]


def make(clock: Clock, go_on: Callable[[], bool]) -> None:
    """One round. `go_on` is asked before each step; False ends the round where it is."""
    # In random order, so that a project that takes long does not always delay the same others.
    steps: list[tuple[str, Callable[[], object]]] = [
        (f"verifying project {project.project_id}", partial(review_and_log, project, clock))
        for project in projects_to_review().order_by("?")
    ]
    steps += [
        ("forgetting old notices", lambda: notice_rows.forget(clock())),
        ("sending mail", lambda: outbox.send(clock(), go_on)),
    ]
    for what, step in steps:
        if not go_on():
            return
        attempt(what, step)


def attempt(what: str, step: Callable[[], object]) -> None:
    """Do it; what goes wrong is logged and keeps no other step from being done."""
    try:
        step()
    except Exception as error:  # one fault would end all verification, and nobody would see it
        logger.exception("%s failed: %s", what, error)


def projects_to_review() -> QuerySet[Project]:
    """The projects with a fix that shipped, or with an approval that could stop to hold."""
    half_approved = Q(decisions__is_first=True, decisions__revision=F("revision") - 1)
    reviewed = Q(state__in=UNDER_APPROVAL) | half_approved
    return Project.objects.filter(project_id__in=Loop.objects.filter(reviewed).values("project"))


@dataclass(frozen=True, slots=True)
class Review:
    """The changes that a review of one project made."""

    verifications: list[Verification]
    outdated: list[Loop]  # put to a human again


def review(project: Project, clock: Clock, most: int | None = MOST) -> Review:
    """
    Verify the project's fixes, and put approvals that no longer hold to a human again.

    Args:
        most: undecided fixes that are verified; None for all.
    """
    return Review(recheck(project, clock(), most), reopening.outdated(project, clock()))


def review_and_log(project: Project, clock: Clock) -> None:
    """Review the project, with a log line for each change."""
    reviewed = review(project, clock)
    for verification in reviewed.verifications:
        logger.info("verified %s: %s", verification.loop_id, verification.verdict)
    for loop in reviewed.outdated:
        logger.info("the approval of %s no longer holds: %s", loop.loop_id, loop.again)
