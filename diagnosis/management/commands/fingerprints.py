"""
`manage.py fingerprints <project_id> [--to N] [--switch]`: preview or switch a project's fingerprint version.

Without `--switch` nothing changes. With it the project is switched, or an unfinished switch is carried to its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from diagnosis.display.hidden_characters import show_hidden
from diagnosis.fingerprint_switch import switch
from diagnosis.fingerprint_switch.preview import Preview, outcomes_in_words, preview_switch
from diagnosis.models import FingerprintSwitch
from telemetry.grouping import versions
from tenants.audit import audit_log
from tenants.models import Project


class Command(BaseCommand):
    """Prints the present version and what a switch would do, or the result of the switch."""

    help = "Preview a switch of a project's fingerprint version as a map of splits and merges, or switch."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project_id", help="the project's id, which the admin lists under Projects")
        parser.add_argument(
            "--to",
            type=int,
            choices=sorted(versions.VERSIONS),
            default=versions.NEWEST.version,
            help="the version to preview or switch to; the newest if left out",
        )
        parser.add_argument(
            "--switch", action="store_true", help="carry the switch out; without it nothing changes"
        )

    def handle(self, *args: Any, project_id: str, to: int, **options: Any) -> None:
        project = Project.objects.filter(pk=project_id).first()
        if project is None:
            raise CommandError(
                f"No project has the id {project_id}. The admin lists the ids under Projects; an answer of "
                "/v1/provision has it as project_id."
            )
        unfinished = switch.under_way(project)
        if options["switch"] and (unfinished or project.fingerprint_version != to):
            self.go_on(unfinished or begin_from_shell(project, to))
        elif unfinished:
            self.stdout.write(f"Under way: {unfinished}. Continue it with --switch.")
        elif project.fingerprint_version == to:
            self.stdout.write(f"{project} has version {to} already.")
        else:
            self.say(project, preview_switch(project, versions.rules_of_version(to), timezone.now()))

    def go_on(self, unfinished: FingerprintSwitch) -> None:
        """Carry the switch to its end, and print the result."""
        result = switch.advance_switch(unfinished)
        self.stdout.write(
            f"Switched {result}: {result.rewritten:,} of {result.mapped:,} records were rewritten."
        )

    def say(self, project: Project, preview: Preview) -> None:
        """Print the project's version and the preview."""
        self.stdout.write(f"{project} has version {project.fingerprint_version}.")
        for line in preview_lines(preview):
            self.stdout.write(show_hidden(" ".join(line.splitlines())))


def begin_from_shell(project: Project, to: int) -> FingerprintSwitch:
    """Begin a switch as the actor `shell`. Raises CommandError, with the reason."""
    try:
        return switch.begin_switch(project, to, audit_log.SHELL, timezone.now())
    except switch.CannotSwitch as error:
        raise CommandError(str(error)) from error


def preview_lines(preview: Preview) -> Iterator[str]:
    """The preview as lines of text."""
    shown = preview.shown()
    sampled = ", a sample" if preview.is_sample else ""
    yield f"Version {preview.rules.version}: {preview.rules.summary}"
    yield f"Looked at {preview.looked_at:,} of {preview.records:,} failing records of 30 days{sampled}."
    yield f"Clusters that keep their records: {shown['unchanged']:,}."
    for relation, rows in (("splits into", shown["splits"]), ("comes from", shown["merges"])):
        for row in rows:
            yield f"{row['cluster_id']} ({row['title']}) {relation}"
            yield from (
                f"    {part['cluster_id']} {part['records']:>8,} ({part['title']})" for part in row["parts"]
            )
    for outcome, sentence in outcomes_in_words(preview.outcomes):
        yield f"{outcome.loop.loop_id} ({outcome.loop.state}) {sentence}"
