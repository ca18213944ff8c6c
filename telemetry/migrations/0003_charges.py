"""Counts by hour and by day; and who is charged for each failure, which a diagnosis worked out each time before."""

from collections import defaultdict
from typing import Any

from django.db import migrations, models
from django.db.migrations.state import StateApps

from telemetry.migrations import _charges_of_0003 as charges
from telemetry.migrations._charges_of_0003 import Failed, Summary

COLUMNS = "service, operation, fingerprint, duration_bucket"
# Milliseconds and what is left of them apart: a sum that no column holds is an error, and rollups.py stops at the most.
SUM_UP = """
    INSERT INTO telemetry_{table} (minute, {columns}, count, duration_nano_sum, duration_nano_max)
    SELECT minute - minute % {minutes}, {columns}, SUM(count),
           CASE WHEN SUM(duration_nano_sum / 1000000) + SUM(duration_nano_sum % 1000000) / 1000000 >= 9223372036854
                THEN 9223372036854775807
                ELSE SUM(duration_nano_sum / 1000000) * 1000000 + SUM(duration_nano_sum % 1000000) END,
           MAX(duration_nano_max)
    FROM telemetry_rollup GROUP BY 1, {columns}
"""
FAILING = (
    "SELECT trace_id, session_id, user_id, records, failures, input_tokens, output_tokens "
    "FROM telemetry_trace WHERE failures > 0"
)
CHUNK = 400  # traces


def sum_up(apps: StateApps, schema_editor: Any) -> None:
    """Minutes into hours and days."""
    for table, minutes in (("hourrollup", 60), ("dayrollup", 1440)):
        sql = SUM_UP.format(table=table, minutes=minutes, columns=COLUMNS)
        schema_editor.execute(sql, None)


def charge(apps: StateApps, schema_editor: Any) -> None:
    """Every failure, trace by trace."""
    reading, writing = schema_editor.connection.cursor(), schema_editor.connection.cursor()
    reading.execute(FAILING)
    row = "(" + ", ".join(["%s"] * 14) + ")"
    while rows := reading.fetchmany(CHUNK):
        traces = {bytes(trace_id): Summary(bytes(trace_id), *rest) for trace_id, *rest in rows}
        made = charges_of(traces, writing)
        writing.executemany(charges.INSERT.format(rows=row), made)


def charges_of(traces: dict[bytes, Summary], cursor: Any) -> list[charges.Charge]:
    """The charges of these traces."""
    ids = list(traces)
    cursor.execute(f"{charges.FAILED}{charges.listed(ids)}", ids)
    failed: dict[bytes, list[Failed]] = defaultdict(list)
    for row in cursor.fetchall():
        failed[bytes(row[0])].append(Failed(*map(charges.plain, row)))
    climbed = [trace_id for trace_id, trace in traces.items() if charges.is_climbed(trace)]
    cursor.execute(f"{charges.PARENTS}{charges.listed(climbed)}", climbed)
    parents = {(bytes(row[0]), bytes(row[1])): bytes(row[2]) for row in cursor.fetchall()}
    return [made for key, own in failed.items() for made in charges.charges(traces[key], own, parents)]


def counts() -> list[tuple[str, Any]]:
    """The columns of a table of rollups."""
    key = ("minute", "service", "operation", "fingerprint", "duration_bucket")
    return [
        ("pk", models.CompositePrimaryKey(*key, blank=True, editable=False, primary_key=True, serialize=False)),
        ("minute", models.BigIntegerField(help_text="Unix minutes of the start of the stretch.")),
        ("service", models.TextField()),
        ("operation", models.TextField()),
        ("fingerprint", models.BigIntegerField(help_text="0: no failure.")),
        (
            "duration_bucket",
            models.SmallIntegerField(
                help_text="Bits of the duration in microseconds: 10 is 0.5 to 1 ms."
            ),
        ),
        ("count", models.BigIntegerField()),
        ("duration_nano_sum", models.BigIntegerField()),
        ("duration_nano_max", models.BigIntegerField()),
    ]


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0002_segments")]

    operations = [
        migrations.CreateModel(
            name="Charge",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "trace_id",
                        "span_id",
                        "fingerprint",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("trace_id", models.BinaryField(max_length=16)),
                ("span_id", models.BinaryField(max_length=8)),
                ("fingerprint", models.BigIntegerField(help_text="The cluster that is charged.")),
                ("is_echo", models.BooleanField()),
                ("start_time_unix_nano", models.BigIntegerField()),
                ("service", models.TextField()),
                ("operation", models.TextField()),
                ("release", models.TextField()),
                ("model", models.TextField()),
                ("severity", models.TextField()),
                (
                    "message_key",
                    models.BigIntegerField(help_text="BLAKE2b of the failure's message with a digest of 8 bytes."),
                ),
                (
                    "session_key",
                    models.BigIntegerField(
                        help_text="The same of the session; a trace without one is its own."
                    ),
                ),
                ("user_key", models.BigIntegerField(help_text="The same of the user; 0: nobody said.")),
                ("trace_tokens", models.BigIntegerField(help_text="In and out, of the whole trace.")),
            ],
        ),
        migrations.CreateModel(name="HourRollup", fields=counts(), options={"abstract": False}),
        migrations.CreateModel(name="DayRollup", fields=counts(), options={"abstract": False}),
        migrations.AlterField(
            "rollup",
            "minute",
            models.BigIntegerField(help_text="Unix minutes of the start of the stretch."),
        ),
        migrations.RunPython(sum_up, migrations.RunPython.noop),
        migrations.RunPython(charge, migrations.RunPython.noop),
        migrations.AddIndex(
            "record",
            models.Index(
                fields=["signal_type", "start_time_unix_nano"],
                condition=models.Q(fingerprint__isnull=False),
                name="record_signal_start",
            ),
        ),
        migrations.AddIndex(
            "charge",
            models.Index(
                fields=[
                    "fingerprint",
                    "start_time_unix_nano",
                    "trace_id",
                    "span_id",
                    "is_echo",
                    "service",
                    "operation",
                    "release",
                    "model",
                    "severity",
                    "message_key",
                    "session_key",
                    "user_key",
                    "trace_tokens",
                ],
                name="charge_cluster",
            ),
        ),
    ]
