"""
`manage.py fingerprints <project_id> [--to N] [--switch]`: how another version of fingerprints tells failures apart.

Without `--switch` nothing changes. With it the project is switched, or a switch that was begun goes on to its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from diagnosis.fingerprint_switch import preview as switch_preview
from diagnosis.fingerprint_switch import switch
from diagnosis.fingerprint_switch.preview import Preview
from diagnosis.models import FingerprintSwitch
from telemetry.grouping import versions
from tenants.audit import audit_log
from tenants.models import Project


class Command(BaseCommand):
    """Says the version, what a switch would do, or what it did."""

    help = "Preview a switch of a project's fingerprint version as a map of splits and merges, or switch."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project_id")
        parser.add_argument("--to", type=int, choices=sorted(versions.RULES), default=versions.NEWEST.version)
        parser.add_argument("--switch", action="store_true", help="do it; without, nothing changes")

    def handle(self, *args: Any, project_id: str, to: int, **options: Any) -> None:
        project = Project.objects.filter(pk=project_id).first()
        if project is None:
            raise CommandError(f"No project has the id {project_id}.")
        begun = switch.under_way(project)
        if options["switch"] and (begun or project.fingerprint_version != to):
            self.go_on(begun or begin(project, to))
        elif begun:
            self.stdout.write(f"Under way: {begun}. Go on with --switch.")
        elif project.fingerprint_version == to:
            self.stdout.write(f"{project} has version {to} already.")
        else:
            self.say(project, switch_preview.preview(project, versions.numbered(to), timezone.now()))

    def go_on(self, begun: FingerprintSwitch) -> None:
        """To the end."""
        done = switch.advance(begun)
        self.stdout.write(f"Switched {done}: {done.rewritten} of {done.mapped} records were rewritten.")

    def say(self, project: Project, preview: Preview) -> None:
        """The map."""
        self.stdout.write(f"{project} has version {project.fingerprint_version}.")
        for line in lines(preview):
            self.stdout.write(line)


def begin(project: Project, to: int) -> FingerprintSwitch:
    """The switch, begun from the shell."""
    try:
        return switch.begin(project, to, audit_log.SHELL, timezone.now())
    except switch.CannotSwitch as error:
        raise CommandError(str(error)) from error


def lines(preview: Preview) -> Iterator[str]:
    """The map as text."""
    shown = preview.shown()
    sampled = ", a sample" if preview.is_sample else ""
    yield f"Version {preview.rules.version}: {preview.rules.summary}"
    yield f"Looked at {preview.looked_at} of {preview.records} failing records of 30 days{sampled}."
    yield f"Clusters that keep their records: {shown['unchanged']}."
    for word, rows in (("splits into", shown["splits"]), ("comes from", shown["merges"])):
        for row in rows:
            yield f"{row['cluster_id']} ({row['title']}) {word}"
            yield from (
                f"    {part['cluster_id']} {part['records']:>8} ({part['title']})" for part in row["parts"]
            )
    for fate, said in switch_preview.told(preview.fates):
        yield f"{fate.loop.loop_id} ({fate.loop.state}) {said}"
