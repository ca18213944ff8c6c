"""
`manage.py verify_loops`: verify, in every project, each shipped fix that has enough data for another interim analysis,
and check that what was approved has not changed.

For cron, if no agent asks for verification and no diagnosis runs. A project whose store fails is reported at the end,
and the other projects are still verified.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from diagnosis.display.hidden_characters import show_hidden
from diagnosis.periodic_jobs import Review, projects_to_review, review
from loopkit.http import store_fault
from loopkit.http.errors import Unavailable
from tenants.models import Project
from tenants.stores import soundness
from tenants.stores.binding import explained


class Command(BaseCommand):
    """Prints new verdicts, outdated approvals and their counts; exits with 1 and the failed projects, if any."""

    help = "Verify shipped fixes, and monitor those that held. Safe to run at any time and often."

    def handle(self, *args: Any, **options: Any) -> None:
        failures, projects, verdicts, outdated = [], 0, 0, 0
        for project in projects_to_review().order_by("project_id"):
            projects += 1
            try:
                reviewed = review(project, timezone.now, most=None)
            except (OSError, Unavailable, *soundness.FAULTS) as error:
                failures.append(f"{project.project_id}: {store_fault.with_remedy(explained(error))}")
                continue
            verdicts += len(reviewed.verifications)
            outdated += len(reviewed.outdated)
            self.say(project, reviewed)
        self.stdout.write(
            f"Projects looked at: {projects}. New verdicts: {verdicts}. Approvals that no longer hold: {outdated}."
        )
        if failures:
            raise CommandError("\n".join([f"{len(failures)} projects failed:", *failures]))

    def say(self, project: Project, reviewed: Review) -> None:
        """Print a line for each change of the project."""
        for verification in reviewed.verifications:
            verdict = f"{project.project_id} {verification.loop_id}: {verification.verdict}"
            self.stdout.write(show_hidden(f"{verdict}. {verification.document['reason']}"))
        for loop in reviewed.outdated:
            self.stdout.write(show_hidden(f"{project.project_id} {loop.loop_id}: {loop.again}"))
