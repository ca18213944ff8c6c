"""Spans are packed into segments, and come out as they were sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry.store import segments
from telemetry.store.row import RecordRow
from tenants.stores import project_file
from tests.segment_contents import unpacked


def rows(count: int, size: int) -> list[RecordRow]:
    """Rows whose spans are about that many bytes."""
    blank = RecordRow(*[None] * len(RecordRow._fields))  # type: ignore[arg-type]
    return [
        blank._replace(content=SpanMessage(name=f"{n} " + "x" * size).SerializeToString())
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("count", "size", "parts"),
    [
        (0, 1, []),
        (1, 1, [1]),
        (32, 100, [32]),
        (33, 100, [32, 1]),
        (4, segments.MOST_BYTES // 3, [2, 2]),
        (3, 2 * segments.MOST_BYTES, [1, 1, 1]),
    ],
)
def test_spans_are_packed_in_order_into_parts_of_bounded_size(
    count: int, size: int, parts: list[int]
) -> None:
    given = rows(count, size)

    packed = list(segments.pack(given))

    assert [len(part.rows) for part in packed] == parts
    found = [SpanMessage.FromString(span) for part in packed for span in unpacked(part.content)]
    assert found == [row.message for row in given]


def test_a_span_without_a_single_byte_comes_back() -> None:
    assert unpacked(segments.packed([b"", b"", b""])) == [b"", b"", b""]


def test_a_file_of_the_first_schema_keeps_its_spans(db: None, tmp_path: Path) -> None:
    path, spans = tmp_path / "old.sqlite3", [SpanMessage(name=f"work {n}") for n in range(70)]
    connection = project_file.connection_to(path, project_file.MIGRATION_ALIAS)
    connections[project_file.MIGRATION_ALIAS] = connection
    MigrationExecutor(connection).migrate([("telemetry", "0001_initial")])
    with connection.cursor() as cursor:
        cursor.executemany(
            OLD_RECORD, [(bytes([n]), n, one.SerializeToString()) for n, one in enumerate(spans)]
        )
        cursor.execute("PRAGMA user_version=1")
    connection.close()

    assert project_file.migrate(path)

    connection = project_file.connection_to(path, "project:read")
    with connection.cursor() as cursor:
        cursor.execute("SELECT segment_id, content FROM telemetry_segment")
        contents = {segment_id: unpacked(content) for segment_id, content in cursor.fetchall()}
        cursor.execute("SELECT segment_id, position FROM telemetry_record ORDER BY span_id")
        found = [SpanMessage.FromString(contents[segment_id][position]) for segment_id, position in cursor]
    connection.close()
    assert found == spans


OLD_RECORD = """
    INSERT INTO telemetry_record
        (trace_id, span_id, start_time_unix_nano, duration_nano, name, kind, status_code, operation, service,
         environment, release, unit, agent, tool, model, signal_type, severity, error_type, failure_message,
         resource_id, scope_id, message)
    VALUES (x'01', %s, %s, 0, '', 0, 0, '', '', '', '', '', '', '', '', '', '', '', '', 1, 1, %s)
"""


def packed_names(*names: str) -> bytes:
    return segments.packed([SpanMessage(name=name).SerializeToString() for name in names])


def names_read(segment_id: int, content: bytes) -> list[str]:
    spans = segments.picked(segment_id, content, range(9))
    return [SpanMessage.FromString(span).name for span in spans.values()]


def test_inside_a_block_a_segment_is_decompressed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    content, decompress, read = packed_names("a", "b"), segments.zstd.decompress, []
    monkeypatch.setattr(segments.zstd, "decompress", lambda stored: read.append(stored) or decompress(stored))

    with segments.kept_segments():
        found = [names_read(7, content) for _ in range(3)]
    names_read(7, content)

    assert found == [["a", "b"]] * 3
    assert len(read) == 2  # one inside, one after


def test_a_segment_that_was_written_anew_under_its_number_is_read_anew() -> None:
    with segments.kept_segments():
        names_read(7, packed_names("a"))

        assert names_read(7, packed_names("c")) == ["c"]
        assert names_read(7, packed_names("a")[:-3]) == []  # damaged meanwhile


def test_no_more_is_kept_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    contents = [packed_names(str(number) * 100) for number in range(50)]
    monkeypatch.setattr(segments, "MOST_KEPT", 1000)
    kept = segments.KeptSegments()

    for number, content in enumerate(contents):
        kept.add(number, content, b"x" * 100)

    found = [number for number, content in enumerate(contents) if kept.find(number, content)]
    assert found == list(range(len(found)))
    assert sum(len(contents[number]) + 100 for number in found) <= 1000
