"""
The periodic jobs: verify shipped fixes and monitor those that held, ask a human again about approvals whose content
changed or is gone, judge loops anew where an operator named other production environments, delete log records that
were kept for some days, old notices, expired sandboxes and ended sessions, send mail.

loopkit/job_thread.py decides which process runs them and when. `manage.py verify_loops` calls `review` for each
project, `manage.py send_notices` sends the mail.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.contrib.sessions.models import Session
from django.db.models import F, Q, QuerySet

from diagnosis import erasure
from diagnosis.context_erasure import erase_context, projects_with_context
from diagnosis.loops import proposals, reopening, switch_lock
from diagnosis.loops.states import DECIDABLE, UNDER_APPROVAL
from diagnosis.models import Loop, Verification
from diagnosis.notices import notice_rows, outbox
from diagnosis.verification.verify import MOST, recheck
from loopkit.http import store_fault
from tenants.models import Project
from tenants.stores.binding import explained

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]


def run_all_jobs(clock: Clock, go_on: Callable[[], bool]) -> None:
    """Run all jobs once. `go_on` is called before each job; if it returns False, the remaining jobs are left out."""
    # In random order, so that a project that takes long does not always delay the same others.
    steps: list[tuple[str, Callable[[], object]]] = [
        (f"verifying project {project.project_id}", partial(review_and_log, project, clock))
        for project in projects_to_review().order_by("?")
    ]
    steps += [
        (f"erasing logs of {project.project_id}", partial(erase_context_of, project, clock))
        for project in projects_with_context().order_by("?")
    ]
    steps += [
        ("forgetting old notices", lambda: notice_rows.forget_old_notices(clock())),
        ("erasing expired sandboxes", lambda: erasure.erase_expired(clock())),
        ("clearing sessions that ended", lambda: Session.objects.filter(expire_date__lt=clock()).delete()),
        ("sending mail", lambda: outbox.send(clock(), go_on)),
    ]
    for name, step in steps:
        if not go_on():
            return
        attempt(name, step)


def erase_context_of(project: Project, clock: Clock) -> None:
    """Erase the project's log records whose days are over."""
    erase_context(project, clock())


def attempt(name: str, step: Callable[[], object]) -> None:
    """Run one job; an error is logged, and does not stop the other jobs."""
    try:
        step()
    except Exception as error:  # one that escapes would end the thread of all later jobs
        logger.exception("%s failed: %s", name, store_fault.with_remedy(explained(error)))


def projects_to_review() -> QuerySet[Project]:
    """
    The projects with a shipped fix, with an approval, also the first of two, that could be outdated, or with a loop
    that was judged by other production environments than are named now.
    """
    half_approved = Q(decisions__is_first=True, decisions__revision=F("revision") - 1)
    judged_otherwise = Q(state__in=DECIDABLE) & ~Q(judged_by=F("project__production_environments"))
    reviewed = Q(state__in=UNDER_APPROVAL) | half_approved | judged_otherwise
    return Project.objects.filter(project_id__in=Loop.objects.filter(reviewed).values("project"))


@dataclass(frozen=True, slots=True)
class Review:
    """The changes that a review of one project made."""

    verifications: list[Verification]
    outdated: list[Loop]  # loops that a human is asked about again


def review(project: Project, clock: Clock, most: int | None = MOST) -> Review:
    """
    Verify the project's fixes, ask a human again about approvals that no longer hold, and judge loops anew where an
    operator named other production environments.

    Args:
        most: the number of undecided fixes to verify at most; None for all.
    """
    found = Review(recheck(project, clock(), most), reopening.reopen_outdated(project, clock()))
    proposals.judge_again(project, clock())
    return found


def review_and_log(project: Project, clock: Clock) -> None:
    """Review the project, with a log line for each change; not while its fingerprints are switched."""
    if switch_lock.is_switching(project):
        logger.info("%s is verified once its fingerprints are switched", project.project_id)
        return
    reviewed = review(project, clock)
    for verification in reviewed.verifications:
        logger.info("verified %s: %s", verification.loop_id, verification.verdict)
    for loop in reviewed.outdated:
        logger.info("the approval of %s no longer holds: %s", loop.loop_id, loop.again)
