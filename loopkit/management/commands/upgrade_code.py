"""`manage.py upgrade_code PROJECT`: print the code with which a sandbox becomes permanent."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.keys import credentials
from tenants.models import SANDBOX, Project


class Command(BaseCommand):
    """Refuses for what is no sandbox, and where upgrades are turned off. The code works as long as the secret does."""

    help = "Print the code that the holder of a sandbox sends to POST /v1/signup/upgrade."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project_id")

    def handle(self, *args: Any, project_id: str, **options: Any) -> None:
        if not settings.SIGNUP_UPGRADE_SECRET:
            raise CommandError(
                "SIGNUP_UPGRADE_SECRET is empty, so that nothing is upgraded: set it, or unset it."
            )
        if not Project.objects.filter(pk=project_id, tenant_id=SANDBOX).exists():
            raise CommandError(f"There is no sandbox {project_id}; other projects are permanent already.")
        self.stdout.write(credentials.upgrade_code(settings.SIGNUP_UPGRADE_SECRET, project_id))
