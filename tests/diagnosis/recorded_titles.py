"""
The titles of the failures in all recordings, to be read by people: tests/fixtures/titles.txt.

`python -m tests.diagnosis.recorded_titles` writes that file anew. Do so after a change of titles that is meant, and
read what the file's differences say: each title should name its cause to somebody who meets it alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import django

from telemetry.spans.failing_record import FailingRecord
from telemetry.spans.span import Span
from tests import ROOT

FILE = ROOT / "tests" / "fixtures" / "titles.txt"


def recordings() -> Iterator[tuple[str, list[Span]]]:
    """Each recorded client by name, with its spans and what its log events say of them."""
    from tests.telemetry.joined_recordings import captured_with_logs
    from tests.telemetry.span_builders import CLIENTS

    for client in CLIENTS:
        yield client, list(captured_with_logs(client))


def charged(spans: list[Span]) -> list[FailingRecord]:
    """The first failure of each cluster, by time."""
    from telemetry.grouping.attribution import attribute
    from tests.diagnosis.test_grouping import failing

    failures = [found for span in spans if (found := failing(span))]
    parents = {(span.trace_id, span.span_id): span.parent_span_id for span in spans}
    primaries = [item.primary for item in attribute(failures, parents)]
    primaries.sort(key=lambda record: (record.start_time_unix_nano, record.key))
    first: dict[int, FailingRecord] = {}
    for record in primaries:
        first.setdefault(record.fingerprint, record)
    return list(first.values())


def lines() -> Iterator[str]:
    """A line for each recording, and one for each of its titles, in alphabetical order."""
    from diagnosis.issues.issue import title_of

    for client, spans in recordings():
        yield client
        yield from (f"  {title}" for title in sorted(title_of(record) for record in charged(spans)))


def document() -> str:
    """The whole file."""
    return "\n".join(lines()) + "\n"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loopkit.settings")
    django.setup()
    FILE.write_text(document())
