"""Spans leave their records for compressed segments of many."""

import struct
import sys
from collections.abc import Sequence
from typing import Any

from django.db import migrations, models
from django.db.migrations.state import StateApps

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MOST_SPANS = 32  # of a segment
LEVEL = 1  # of compression
UPDATE = "UPDATE telemetry_record SET segment_id = %s, position = %s WHERE trace_id = %s AND span_id = %s"


def packed(spans: Sequence[bytes]) -> bytes:
    """A segment of serialized spans: their number and lengths (unsigned, 32 bits, little-endian), then the spans."""
    lengths = struct.pack(f"<{len(spans) + 1}I", len(spans), *map(len, spans))
    return zstd.compress(b"".join([lengths, *spans]), LEVEL)


def pack(apps: StateApps, schema_editor: Any) -> None:
    """Each record's message into a segment, in order of time."""
    reading, writing = schema_editor.connection.cursor(), schema_editor.connection.cursor()
    reading.execute("SELECT trace_id, span_id, message FROM telemetry_record ORDER BY start_time_unix_nano")
    segment_id = 0
    while rows := reading.fetchmany(MOST_SPANS):
        segment_id += 1
        content = packed([bytes(message) for *_, message in rows])
        writing.execute(
            "INSERT INTO telemetry_segment (segment_id, content) VALUES (%s, %s)", (segment_id, content)
        )
        places = [
            (segment_id, position, trace_id, span_id) for position, (trace_id, span_id, _) in enumerate(rows)
        ]
        writing.executemany(UPDATE, places)


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Segment",
            fields=[
                (
                    "segment_id",
                    models.BigIntegerField(
                        help_text="Counted by the store, in order of arrival.",
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("content", models.BinaryField()),
            ],
        ),
        migrations.AddField("record", "segment_id", models.BigIntegerField(default=0), preserve_default=False),
        migrations.AddField(
            "record",
            "position",
            models.IntegerField(default=0, help_text="Among the spans of its segment, from 0."),
            preserve_default=False,
        ),
        migrations.RunPython(pack, migrations.RunPython.noop),
        migrations.RemoveField("record", "message"),
    ]
