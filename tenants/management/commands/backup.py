"""`manage.py backup FOLDER`: copy the data dir into a new folder while the server runs. docs/operations.md has more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from tenants.installation.backup import WrongFolder, back_up


class Command(BaseCommand):
    """Prints how many databases were copied; exits with 1 and the list of failures if there are any."""

    help = "Copy everything that a restore needs into a new folder, while the server runs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="a folder that does not exist yet")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            copies = list(back_up(settings.LOOPKIT_DATA_DIR, folder, timezone.now()))
        except (WrongFolder, OSError) as error:
            raise CommandError(str(error)) from error
        if connection.vendor != "sqlite":
            self.stdout.write(
                "The control database is not among them: it needs a pg_dump of before this backup."
            )
        failures = [f"{name}: {error}" for name, error in copies if error]
        if failures:
            raise CommandError("\n".join([f"{len(failures)} of {len(copies)} databases failed:", *failures]))
        self.stdout.write(f"{len(copies)} databases copied to {folder}")
