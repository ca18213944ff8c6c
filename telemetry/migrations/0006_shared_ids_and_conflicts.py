"""Spans that share an id, and records of which another version came."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('telemetry', '0005_releases'),
    ]

    operations = [
        migrations.CreateModel(
            name='SharedSpan',
            fields=[
                ('pk', models.CompositePrimaryKey('trace_id', 'span_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('trace_id', models.BinaryField(max_length=16)),
                ('span_id', models.BinaryField(help_text='Under which it is stored: shared_ids.py.', max_length=8)),
                ('sent_span_id', models.BinaryField(max_length=8)),
            ],
        ),
        migrations.CreateModel(
            name='Conflict',
            fields=[
                ('pk', models.CompositePrimaryKey('trace_id', 'span_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('trace_id', models.BinaryField(max_length=16)),
                ('span_id', models.BinaryField(max_length=8)),
                ('arrived_unix_nano', models.BigIntegerField(help_text='When the last such version came.')),
                ('differs_in', models.TextField(help_text='Names of fields, joined by commas.')),
                ('is_failure', models.BooleanField(help_text='Whether that version failed.')),
            ],
            options={
                'indexes': [models.Index(fields=['arrived_unix_nano'], name='conflict_arrival')],
            },
        ),
    ]
