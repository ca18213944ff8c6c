"""User signals and what they are about. Those that are stored are joined to it with the next spans that come."""

from typing import Any

from django.db import migrations, models
from django.db.migrations.state import StateApps

FIRST, END = b"\xffsignal\x00", b"\xffsignal\x01"  # trace ids of user signals: spans/signal_traces.py
STORED = """
    INSERT INTO telemetry_rating (trace_id, about, is_stale)
    SELECT trace_id, '', TRUE FROM telemetry_trace WHERE trace_id >= %s AND trace_id < %s
"""


def add_stored_signals(apps: StateApps, schema_editor: Any) -> None:
    """A row for each signal that is stored."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(STORED, [FIRST, END])


class Migration(migrations.Migration):

    dependencies = [
        ('telemetry', '0007_odd_clocks'),
    ]

    operations = [
        migrations.CreateModel(
            name='RatedSubject',
            fields=[
                ('about', models.TextField(help_text='A trace id in hex, or a session id.', primary_key=True, serialize=False)),
                ('service', models.TextField()),
                ('environment', models.TextField()),
                ('user_id', models.TextField()),
                ('session_id', models.TextField(help_text='Empty: its traces name none.')),
                ('is_known', models.BooleanField(help_text='Whether a trace of it has arrived.')),
            ],
        ),
        migrations.CreateModel(
            name='ReplacedRecord',
            fields=[
                ('pk', models.CompositePrimaryKey('trace_id', 'span_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('trace_id', models.BinaryField(max_length=16)),
                ('span_id', models.BinaryField(max_length=8)),
            ],
        ),
        migrations.CreateModel(
            name='Rating',
            fields=[
                ('trace_id', models.BinaryField(max_length=16, primary_key=True, serialize=False)),
                ('about', models.TextField(help_text='Of the version that counts; empty until it was joined.')),
                ('is_stale', models.BooleanField(help_text='Whether it is to be joined to its subject again.')),
            ],
            options={
                'indexes': [models.Index(fields=['about'], name='rating_about'), models.Index(condition=models.Q(('is_stale', True)), fields=['trace_id'], name='rating_stale')],
            },
        ),
        migrations.RunPython(add_stored_signals, migrations.RunPython.noop),
    ]
