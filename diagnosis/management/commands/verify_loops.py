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

from diagnosis import reopening
from diagnosis.models import Loop
from diagnosis.verification import VERIFIABLE, recheck
from loopkit.http.errors import Unavailable
from tenants.models import Project


class Command(BaseCommand):
    """Says each new verdict and approval that no longer holds; exits with 1 and the list of failures, if any."""

    help = "Verify shipped fixes, and watch those that held. Safe to run at any time and often."

    def handle(self, *args: Any, **options: Any) -> None:
        open_loops = Loop.objects.filter(state__in=(*VERIFIABLE, Loop.State.APPROVED)).values("project")
        failures = []
        for project in Project.objects.filter(project_id__in=open_loops).order_by("project_id"):
            try:
                found = recheck(project, timezone.now(), most=None)
                outdated = reopening.outdated(project, timezone.now())
            except (DatabaseError, OSError, Unavailable) as error:
                failures.append(f"{project.project_id}: {error}")
                continue
            for verification in found:
                told = f"{project.project_id} {verification.loop_id}: {verification.verdict}"
                self.stdout.write(f"{told}. {verification.document['reason']}")
            for loop in outdated:
                self.stdout.write(f"{project.project_id} {loop.loop_id}: {loop.again}")
        if failures:
            raise CommandError("\n".join([f"{len(failures)} projects failed:", *failures]))
