"""Senders of spans whose times are not those of their arrival."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('telemetry', '0006_shared_ids_and_conflicts'),
    ]

    operations = [
        migrations.CreateModel(
            name='OddClock',
            fields=[
                ('pk', models.CompositePrimaryKey('service', 'host', 'reason', blank=True, editable=False, primary_key=True, serialize=False)),
                ('service', models.TextField()),
                ('host', models.TextField(help_text='Empty: its resource names none.')),
                ('reason', models.TextField()),
                ('count', models.BigIntegerField()),
                ('offset_nano', models.BigIntegerField(help_text='Of its clock, by the last request with such spans.')),
                ('first_unix_nano', models.BigIntegerField(help_text='Of the starts of these spans.')),
                ('last_unix_nano', models.BigIntegerField()),
                ('arrived_unix_nano', models.BigIntegerField(help_text='When the last of them came.')),
            ],
            options={
                'indexes': [models.Index(fields=['arrived_unix_nano'], name='odd_clock_arrival')],
            },
        ),
    ]
