"""`manage.py forget_store PROJECT`: begin with an empty store, although the project had one, whose file is missing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from tenants.audit import audit_log
from tenants.models import Project
from tenants.stores import project_file


class Command(BaseCommand):
    """Refuses while the file is there; says what was done, in the audit log too."""

    help = "Let a project whose telemetry file is gone begin with an empty one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project_id")

    @transaction.atomic
    def handle(self, *args: Any, project_id: str, **options: Any) -> None:
        project = Project.objects.filter(pk=project_id).first()
        path = project_file.path_of(project_id)
        if project is None:
            raise CommandError(
                f"There is no project {project_id}: check_data names those whose file is missing."
            )
        if path.exists():
            raise CommandError(f"{path} is there: move it away first, if its records are not wanted.")
        Project.objects.filter(pk=project_id).update(has_store=False)
        audit_log.append_entry(
            audit_log.AuditEvent.CHANGED,
            f"project:{project_id}",
            audit_log.SHELL,
            timezone.now(),
            project.tenant_id,
            has_store={"before": project.has_store, "after": False},
        )
        self.stdout.write(f"{project_id} begins with an empty store at its next request.")
