"""
`manage.py migrate_projects`: migrate every project's file to the schema of this code, one after the other.

A file that fails does not stop the others and is listed at the end. Projects without a file need nothing: their file
will be created from the current template. Run this while no server runs. `manage.py prepare` includes it.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from loopkit.http import store_fault
from tenants.models import Project
from tenants.stores import project_file, soundness


class Command(BaseCommand):
    """Prints the outcome for each file; exits with 1 and the list of failures if there are any."""

    help = "Bring every project's telemetry file to this LoopKit's schema. Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        project_ids = list(Project.objects.order_by("project_id").values_list("project_id", flat=True))
        failures = []
        for number, project_id in enumerate(project_ids, start=1):
            try:
                outcome = brought_up(project_id)
            except (OSError, *soundness.FAULTS) as error:
                outcome = f"FAILED: {store_fault.with_remedy(error)}"
                failures.append(f"{project_id}: {store_fault.with_remedy(error)}")
            if options["verbosity"] > 0:
                self.stdout.write(f"{number}/{len(project_ids)} {project_id}: {outcome}")
        if failures:
            raise CommandError("\n".join([f"{len(failures)} of {len(project_ids)} failed:", *failures]))


def brought_up(project_id: str) -> str:
    """
    Migrate the project's file and return the outcome as text.

    Raises DatabaseError or OSError if the file is damaged, unreadable or of a newer version.
    """
    path = project_file.path_of(project_id)
    if not path.exists():
        return "no file yet"
    return "migrated" if project_file.migrate(path) else "up to date"
