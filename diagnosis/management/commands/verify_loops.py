"""
`manage.py verify_loops`: verify, in every project, each shipped fix that has enough data for another interim analysis,
and check that what was approved has not changed.

For cron, if no agent asks for verification and no diagnosis runs. A project whose store fails is reported at the end,
and the other projects are still verified.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from diagnosis.periodic_jobs import projects_to_review, review
from loopkit.http.errors import Unavailable


class Command(BaseCommand):
    """Prints new verdicts and outdated approvals; exits with 1 and the list of failed projects, if any."""

    help = "Verify shipped fixes, and monitor those that held. Safe to run at any time and often."

    def handle(self, *args: Any, **options: Any) -> None:
        failures = []
        for project in projects_to_review().order_by("project_id"):
            try:
                reviewed = review(project, timezone.now, most=None)
            except (DatabaseError, OSError, Unavailable) as error:
                failures.append(f"{project.project_id}: {error}")
                continue
            for verification in reviewed.verifications:
                verdict = f"{project.project_id} {verification.loop_id}: {verification.verdict}"
                self.stdout.write(f"{verdict}. {verification.document['reason']}")
            for loop in reviewed.outdated:
                self.stdout.write(f"{project.project_id} {loop.loop_id}: {loop.again}")
        if failures:
            raise CommandError("\n".join([f"{len(failures)} projects failed:", *failures]))
