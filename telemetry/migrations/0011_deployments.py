"""
Records counted by environment and release, and the environment of each attributed failure, read from the records once.

A day of records at a time, and the failures of a few traces at a time, so that no statement holds more than that.
"""

from typing import Any

from django.db import migrations, models
from django.db.migrations.state import StateApps

CHUNK = 400  # traces
DAY_NANO = 86_400_000_000_000
ADD_COLUMN = "ALTER TABLE telemetry_attribution ADD COLUMN environment text NOT NULL DEFAULT ''"
FAILING = "SELECT trace_id FROM telemetry_trace WHERE failures > 0"
NAME = """
    UPDATE telemetry_attribution SET environment = record.environment FROM telemetry_record AS record
    WHERE record.trace_id = telemetry_attribution.trace_id AND record.span_id = telemetry_attribution.span_id
      AND telemetry_attribution.trace_id IN ({placeholders})
"""
NEXT = "SELECT MIN(start_time_unix_nano) FROM telemetry_record WHERE start_time_unix_nano >= %s"
COLUMNS = "service, operation, minutes, minute, environment, release, count, failures"
MINUTES = f"""
    INSERT INTO telemetry_deploymentcounts ({COLUMNS})
    SELECT service, operation, 1, start_time_unix_nano / 60000000000, environment, release, COUNT(*), COUNT(fingerprint)
    FROM telemetry_record AS record WHERE start_time_unix_nano >= %s AND start_time_unix_nano < %s AND NOT EXISTS (
        SELECT 1 FROM telemetry_replacedrecord AS replaced
        WHERE replaced.trace_id = record.trace_id AND replaced.span_id = record.span_id
    ) AND NOT EXISTS (
        SELECT 1 FROM telemetry_repeatedcall AS repeated
        WHERE repeated.trace_id = record.trace_id AND repeated.span_id = record.span_id
    ) GROUP BY 1, 2, 3, 4, 5, 6
"""
HOURS = f"""
    INSERT INTO telemetry_deploymentcounts ({COLUMNS})
    SELECT service, operation, 60, minute - minute % 60, environment, release, SUM(count), SUM(failures)
    FROM telemetry_deploymentcounts WHERE minutes = 1 GROUP BY 1, 2, 3, 4, 5, 6
"""
INDEXED = (
    "fingerprint", "start_time_unix_nano", "trace_id", "span_id", "is_downstream", "service", "operation", "release",
    "environment", "model", "severity", "message_key", "session_key", "user_key", "trace_tokens",
)


def name_environments(apps: StateApps, schema_editor: Any) -> None:
    """The environment of each attributed failure, from its record."""
    reading, writing = schema_editor.connection.cursor(), schema_editor.connection.cursor()
    reading.execute(FAILING)
    while rows := reading.fetchmany(CHUNK):
        ids = [bytes(trace_id) for (trace_id,) in rows]
        writing.execute(NAME.format(placeholders=", ".join(["%s"] * len(ids))), ids)


def count_deployments(apps: StateApps, schema_editor: Any) -> None:
    """All records by minute, a day at a time, then by hour."""
    cursor = schema_editor.connection.cursor()
    day = 0
    while (first := start_of_next(cursor, day * DAY_NANO)) is not None:
        day = first // DAY_NANO
        cursor.execute(MINUTES, [day * DAY_NANO, (day + 1) * DAY_NANO])
        day += 1
    cursor.execute(HOURS)


def start_of_next(cursor: Any, nano: int) -> int | None:
    """The start of the first record at this time or later."""
    if nano >= 1 << 63:
        return None
    cursor.execute(NEXT, [nano])
    [(start,)] = cursor.fetchall()
    return None if start is None else int(start)


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0010_repeated_calls")]

    operations = [
        migrations.CreateModel(
            name="DeploymentCounts",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "service", "operation", "minutes", "minute", "environment", "release",
                        blank=True, editable=False, primary_key=True, serialize=False,
                    ),
                ),
                ("service", models.TextField()),
                ("operation", models.TextField()),
                ("minutes", models.SmallIntegerField(help_text="The length of the stretch: deployments.py.")),
                ("minute", models.BigIntegerField(help_text="Unix minutes of its start.")),
                ("environment", models.TextField(help_text="Empty: its records name none, as with the release.")),
                ("release", models.TextField()),
                ("count", models.BigIntegerField()),
                (
                    "failures",
                    models.BigIntegerField(help_text="Of these records, those that failed, whatever caused it."),
                ),
            ],
        ),
        migrations.RunPython(count_deployments, migrations.RunPython.noop),
        migrations.RemoveIndex("attribution", "charge_cluster"),
        # Django would copy the whole table for a column that is not null.
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(ADD_COLUMN, migrations.RunSQL.noop)],
            state_operations=[
                migrations.AddField("attribution", "environment", models.TextField(db_default=""))
            ],
        ),
        migrations.RunPython(name_environments, migrations.RunPython.noop),
        migrations.AddIndex("attribution", models.Index(fields=INDEXED, name="charge_cluster")),
    ]
