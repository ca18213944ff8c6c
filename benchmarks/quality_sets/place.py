"""A LoopKit of its own in a temporary data dir, in this process: spans go in as OTLP bytes, issues come out."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import orjson

if TYPE_CHECKING:
    from diagnosis.issues.issue import Issue
    from diagnosis.issues.model_calls import ModelCallsAround
    from telemetry.spans.failing_record import FailingRecord
    from telemetry.windows import Window
    from tenants.models import Project

PLENTY = 10**9  # spans a project


@contextmanager
def prepared() -> Iterator[None]:
    """Django with an empty installation for as long as the block lasts."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"LOOPKIT_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "loopkit.settings"}
        django.setup()
        from loopkit.prepare import prepare
        from tenants.stores import pool

        prepare(Path(folder))
        try:
            yield
        finally:
            pool.close_all()


@dataclass(frozen=True, slots=True)
class Place:
    """One project and what is asked of it."""

    project: Project

    @classmethod
    def new(cls, name: str) -> Place:
        """A project without a limit."""
        from tenants.keys.provisioning import mint_project

        project = mint_project(name, "", datetime.now(UTC), claim=False).project
        project.quota_spans = PLENTY
        project.save()
        return cls(project)

    def send(self, body: bytes, json: bool = True) -> int:
        """One export request; the number of spans that were stored."""
        from telemetry.ingest import ingest
        from telemetry.otlp.decode import Encoding
        from tenants.stores.binding import bind

        with bind(self.project):
            encoding = Encoding.JSON if json else Encoding.PROTOBUF
            return ingest(body, encoding, datetime.now(UTC)).accepted

    def send_lines(self, lines: Iterable[bytes | str | dict[str, Any]]) -> int:
        """Many requests in OTLP/JSON."""
        return sum(self.send(line if isinstance(line, bytes) else as_bytes(line)) for line in lines)

    def window(self) -> Window:
        """The window that holds every record."""
        from telemetry.models import Record
        from telemetry.windows import Window
        from tenants.stores.binding import bind

        with bind(self.project):
            starts = Record.objects.order_by("start_time_unix_nano").values_list(
                "start_time_unix_nano", flat=True
            )
            first, last = starts.first(), starts.last()
        return Window(first or 0, (last or 0) + 1)

    def issues(self, window: Window | None = None) -> list[Issue]:
        """What a diagnosis of the window finds, worst first."""
        from diagnosis.issues.findings import read_findings
        from tenants.stores.binding import bind

        window = window or self.window()
        with bind(self.project):
            return read_findings(window).issues

    def records(self, issue: Issue) -> list[FailingRecord]:
        """Every record of the issue, by time."""
        from diagnosis.window.failing_records import load_failing_records
        from tenants.stores.binding import bind

        keys = issue.cluster.spread(issue.cluster.records)
        with bind(self.project):
            known = load_failing_records(keys)
        return [known[key] for key in keys]

    def model_calls(self, records: list[FailingRecord]) -> dict[str, ModelCallsAround]:
        """The model calls around these failures, as issues show them for their evidence."""
        from diagnosis.issues.model_calls import model_calls_around
        from tenants.stores.binding import bind

        with bind(self.project):
            return model_calls_around(records)

    def clusters(self) -> dict[str, str]:
        """The cluster of every failing record, by span id, as records show it."""
        from telemetry.grouping.fingerprint import cluster_id
        from telemetry.models import Record
        from tenants.stores.binding import bind

        with bind(self.project):
            rows = Record.objects.filter(fingerprint__isnull=False).values_list("span_id", "fingerprint")
            return {bytes(span_id).hex(): cluster_id(fingerprint or 0) for span_id, fingerprint in rows}


def as_bytes(line: str | dict[str, Any]) -> bytes:
    """A request as it is sent."""
    return line.encode() if isinstance(line, str) else orjson.dumps(line)
