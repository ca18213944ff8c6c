"""`manage.py prepare`, to be run before the first start and after each upgrade."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from loopkit.prepare import ADMIN, prepare
from tenants.installation.schema import NewerSchema


class Command(BaseCommand):
    """Prints what was done, and the admin's password this once, because only its hash is stored."""

    help = "Make or upgrade the data dir, the databases and the first admin user. Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            password = prepare(settings.LOOPKIT_DATA_DIR)
        except NewerSchema as error:
            raise CommandError(f"Nothing was changed: {error}") from error
        self.stdout.write(f"Data dir ready: {settings.LOOPKIT_DATA_DIR}")
        if password:
            self.stdout.write(f"Admin user made: {ADMIN}, password {password} (shown this once)")
        else:
            self.stdout.write(f"Admin user kept. A new password: manage.py changepassword {ADMIN}")
