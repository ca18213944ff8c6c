"""
The visits of agents' runs, counted, and those that fail.

Visits of stored records are counted here, a range of traces at a time, so that no more than these are held in memory.
The runs in which a rule may find a failure, of the last 60 days with records, which is as far as a window and the one
before it reach, are only listed: their content is read once the file is migrated (telemetry/store/runs/kept_runs.py).
"""

from collections.abc import Iterator
from typing import Any

from django.db import migrations, models
from django.db.migrations.state import StateApps

TRACES = 5_000  # of a range
READ_BACK = 60 * 86_400 * 10**9  # nanoseconds
NEXT = "SELECT trace_id FROM telemetry_trace WHERE trace_id > %s ORDER BY trace_id LIMIT 1 OFFSET %s"
LAST = "SELECT MAX(trace_id) FROM telemetry_trace"
NEWEST = "SELECT MAX(start_time_unix_nano) FROM telemetry_trace"
CALLS = "trace_id > %s AND trace_id <= %s AND unit IN ('tool_call', 'retrieval', 'llm_call')"
VISITS = f"""
    INSERT INTO telemetry_visitcount AS kept (minutes, minute, service, operation, release, environment, count)
    SELECT 1, start_time_unix_nano / 60000000000, service, operation, release, environment, COUNT(*)
    FROM (
        SELECT start_time_unix_nano, service, operation, release, environment, ROW_NUMBER() OVER (
            PARTITION BY trace_id, service, operation ORDER BY start_time_unix_nano, span_id
        ) AS place
        FROM telemetry_record WHERE {CALLS}
    ) AS called WHERE place = 1 GROUP BY 2, 3, 4, 5, 6
    ON CONFLICT (minutes, minute, service, operation, release, environment)
    DO UPDATE SET count = kept.count + excluded.count
"""  # noqa: S608  (constants)
LONGER = """
    INSERT INTO telemetry_visitcount (minutes, minute, service, operation, release, environment, count)
    SELECT {minutes}, minute - minute %% {minutes}, service, operation, release, environment, SUM(count)
    FROM telemetry_visitcount WHERE minutes = %s GROUP BY 2, 3, 4, 5, 6
"""
# Runs with three calls of one operation, or with tools of which none returned anything but what hands the answer in.
PENDING = f"""
    INSERT INTO telemetry_pendingrun (trace_id)
    SELECT trace_id FROM (
        SELECT trace_id, COUNT(*) AS calls, SUM(CASE WHEN unit <> 'llm_call' THEN 1 ELSE 0 END) AS tools,
               SUM(CASE WHEN unit <> 'llm_call' AND fingerprint IS NULL AND tool NOT IN
                   ('final_answer', 'submit', 'finish', 'done', 'attempt_completion') THEN 1 ELSE 0 END) AS returned
        FROM telemetry_record WHERE {CALLS} GROUP BY trace_id, service, operation
    ) AS called
    WHERE trace_id IN (
        SELECT trace_id FROM telemetry_trace
        WHERE trace_id > %s AND trace_id <= %s AND start_time_unix_nano >= %s
    )
    GROUP BY trace_id HAVING MAX(calls) >= 3 OR (SUM(tools) > 0 AND SUM(returned) = 0)
"""  # noqa: S608


def count_visits(apps: StateApps, schema_editor: Any) -> None:
    """Count the visits of all records, and list the runs that the rules have to look at."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(NEWEST)
        newest = cursor.fetchone()[0] or 0
        for bounds in ranges(cursor):
            cursor.execute(VISITS, bounds)
            cursor.execute(PENDING, [*bounds, *bounds, newest - READ_BACK])
        for minutes in (60, 1440):
            cursor.execute(LONGER.format(minutes=minutes), [1])


def ranges(cursor: Any) -> Iterator[list[bytes]]:
    """The bounds of ranges of TRACES traces: an id before the first, and the last."""
    cursor.execute(LAST)
    last, before = cursor.fetchone()[0], b""
    while last is not None and before < bytes(last):
        cursor.execute(NEXT, [before, TRACES - 1])
        row = cursor.fetchone()
        end = bytes(row[0] if row else last)
        yield [before, end]
        before = end


class Migration(migrations.Migration):

    dependencies = [
        ('telemetry', '0008_ratings'),
    ]

    operations = [
        migrations.CreateModel(
            name='PendingRun',
            fields=[
                ('trace_id', models.BinaryField(max_length=16, primary_key=True, serialize=False)),
            ],
        ),
        migrations.CreateModel(
            name='VisitCount',
            fields=[
                ('pk', models.CompositePrimaryKey('minutes', 'minute', 'service', 'operation', 'release', 'environment', blank=True, editable=False, primary_key=True, serialize=False)),
                ('minutes', models.SmallIntegerField(help_text='Length of the stretch: 1, 60 or 1440.')),
                ('minute', models.BigIntegerField(help_text='Unix minutes of the start of the stretch.')),
                ('service', models.TextField()),
                ('operation', models.TextField()),
                ('release', models.TextField(help_text='Of the first call.')),
                ('environment', models.TextField(help_text='Of the first call.')),
                ('count', models.BigIntegerField()),
            ],
        ),
        migrations.AddField(
            model_name='record',
            name='call_key',
            field=models.BigIntegerField(help_text='Of a call of an agent: call_keys.py. NULL: stored by a version without such keys.', null=True),
        ),
        migrations.CreateModel(
            name='FailingVisit',
            fields=[
                ('pk', models.CompositePrimaryKey('trace_id', 'fingerprint', blank=True, editable=False, primary_key=True, serialize=False)),
                ('trace_id', models.BinaryField(max_length=16)),
                ('fingerprint', models.BigIntegerField(help_text='The cluster: of the rule and the operation.')),
                ('span_id', models.BinaryField(help_text='The call that shows the failure.', max_length=8)),
                ('start_time_unix_nano', models.BigIntegerField(help_text="Of the trace's first call of the operation.")),
                ('signal_type', models.TextField()),
                ('service', models.TextField()),
                ('operation', models.TextField()),
                ('release', models.TextField(help_text='Of the first call.')),
                ('environment', models.TextField(help_text='Of the first call.')),
                ('model', models.TextField()),
                ('severity', models.TextField()),
                ('message', models.TextField()),
            ],
            options={
                'indexes': [models.Index(fields=['fingerprint', 'start_time_unix_nano'], name='failing_visit_start')],
            },
        ),
        migrations.CreateModel(
            name='LongTrace',
            fields=[
                ('trace_id', models.BinaryField(max_length=16, primary_key=True, serialize=False)),
                ('start_time_unix_nano', models.BigIntegerField(help_text='Of the first call that was not looked at.')),
            ],
            options={
                'indexes': [models.Index(fields=['start_time_unix_nano'], name='long_trace_start')],
            },
        ),
        migrations.RunPython(count_visits, migrations.RunPython.noop),
    ]
