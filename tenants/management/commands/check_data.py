"""
`manage.py check_data [--accept]`: what is not right about the data dir as a whole, by name, with the remedy.

Readiness and the start of the server report it too, without names of projects where everybody may read it.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from tenants.installation import findings, restores


class Command(BaseCommand):
    """
    Prints each finding and exits with 1 if there is one that is certain; with --accept, accepts what can be accepted.
    """

    help = "Find restored databases, missing files, lost secrets and clocks that jumped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--accept",
            action="store_true",
            help="take restores, secrets and the clock as they are, with an entry in the audit log",
        )

    def handle(self, *args: Any, accept: bool, **options: Any) -> None:
        found, notices = certain_and_other()
        if accept and found:
            restores.accept_state([f"{finding.name}: {finding.message}" for finding in found], timezone.now())
            self.stdout.write(
                f"Accepted, with an entry in the audit log: {len(found)} finding{'' if len(found) == 1 else 's'}."
            )
            found, notices = certain_and_other()
        for notice in notices:
            self.stdout.write(str(notice))
        if found:
            raise CommandError("\n".join(map(str, found)))
        self.stdout.write("Nothing else to report." if notices else "Nothing to report.")


def certain_and_other() -> tuple[list[findings.Finding], list[findings.Finding]]:
    """What is not right now, and what may not be."""
    found = findings.find_all(timezone.now())
    return [finding for finding in found if finding.is_certain], [
        finding for finding in found if not finding.is_certain
    ]
