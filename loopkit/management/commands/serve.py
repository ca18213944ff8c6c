"""`manage.py serve`, which `make run` calls: check the port, prepare, and become gunicorn."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from loopkit import serving


class Command(BaseCommand):
    """Combines `prepare` and gunicorn in one command."""

    help = "Prepare, then serve until Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            serving.check_port()
        except serving.PortNotFree as error:
            raise CommandError(str(error)) from error
        call_command("prepare", stdout=self.stdout)
        self.stdout.write(f"LoopKit: {serving.url()}  admin: {serving.url()}/admin/  Ctrl-C stops it.")
        self.stdout.flush()
        serving.become_server()
