"""
What is due by itself: verifying fixes that shipped, watching those that held, asking a human again where what was
approved is not there any more, mail, forgetting old notices.

One round; loopkit/rounds.py says who makes it and when. `manage.py verify_loops` and `send_notices` do it by hand.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

from diagnosis import notices, outbox, reopening
from diagnosis.models import Loop
from diagnosis.verification import VERIFIABLE, recheck
from tenants.models import Project

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]


def make(clock: Clock, go_on: Callable[[], bool]) -> None:
    """One round. `go_on` is asked before each step; False ends the round where it is."""
    shipped = Loop.objects.filter(state__in=VERIFIABLE).values("project")
    due = Project.objects.filter(project_id__in=shipped).order_by(
        "?"
    )  # whoever takes long delays not always the same
    steps: list[tuple[str, Callable[[], object]]] = [
        (f"verifying project {one.project_id}", partial(look, one, clock)) for one in due
    ]
    steps += [
        ("forgetting old notices", lambda: notices.forget(clock())),
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


def look(project: Project, clock: Clock) -> None:
    """New verdicts of one project, and approvals that no longer hold."""
    for verification in recheck(project, clock()):
        logger.info("verified %s: %s", verification.loop_id, verification.verdict)
    for loop in reopening.outdated(project, clock()):
        logger.info("the approval of %s no longer holds: %s", loop.loop_id, loop.again)
