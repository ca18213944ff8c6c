"""
`manage.py verify_loops`: look at every fix that shipped, in every project, where enough is known for another look.

For cron, where no agent asks and no diagnosis runs. A project whose store fails is named at the end and stops no other.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from diagnosis.models import Loop
from diagnosis.verification import VERIFIABLE, recheck
from tenants.models import Project


class Command(BaseCommand):
    """Says each new verdict; exits with 1 and the list of failures if there are any."""

    help = "Verify shipped fixes, and watch those that held. Safe to run at any time and often."

    def handle(self, *args: Any, **options: Any) -> None:
        shipped = Loop.objects.filter(state__in=VERIFIABLE).values("project")
        failures = []
        for project in Project.objects.filter(project_id__in=shipped).order_by("project_id"):
            try:
                found = recheck(project, timezone.now(), most=None)
            except (DatabaseError, OSError) as error:
                failures.append(f"{project.project_id}: {error}")
                continue
            for verification in found:
                told = f"{project.project_id} {verification.loop_id}: {verification.verdict}"
                self.stdout.write(f"{told}. {verification.document['reason']}")
        if failures:
            raise CommandError("\n".join([f"{len(failures)} projects failed:", *failures]))
