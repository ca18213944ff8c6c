"""
`manage.py verify_loops`: look at every fix that shipped, in every project, where enough is known for another look,
and whether what is approved is still there.

For cron, where no agent asks and no diagnosis runs. A project whose store fails is named at the end and stops no other.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from diagnosis.rounds import projects_to_review, review
from loopkit.http.errors import Unavailable


class Command(BaseCommand):
    """Says each new verdict and approval that no longer holds; exits with 1 and the list of failures, if any."""

    help = "Verify shipped fixes, and watch those that held. Safe to run at any time and often."

    def handle(self, *args: Any, **options: Any) -> None:
        failures = []
        for project in projects_to_review().order_by("project_id"):
            try:
                reviewed = review(project, timezone.now, most=None)
            except (DatabaseError, OSError, Unavailable) as error:
                failures.append(f"{project.project_id}: {error}")
                continue
            for verification in reviewed.verifications:
                told = f"{project.project_id} {verification.loop_id}: {verification.verdict}"
                self.stdout.write(f"{told}. {verification.document['reason']}")
            for loop in reviewed.outdated:
                self.stdout.write(f"{project.project_id} {loop.loop_id}: {loop.again}")
        if failures:
            raise CommandError("\n".join([f"{len(failures)} projects failed:", *failures]))
