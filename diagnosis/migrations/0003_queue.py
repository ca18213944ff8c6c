"""Loops keep what the queue sorts and shows them by; loops that are there already get it from their issue."""

from typing import Any

from django.db import migrations, models
from django.db.migrations.state import StateApps

from diagnosis import urgency

WAITING = ("proposed", "regressed")
STARTS_WAITING = ("proposed", "answered", "regressed", "grew", "outdated")


def fill(apps: StateApps, schema_editor: Any) -> None:
    """Every loop's columns, and since when it waits by its newest event that says so."""
    event_model = apps.get_model("diagnosis", "LoopEvent")
    for loop in apps.get_model("diagnosis", "Loop").objects.select_related("packet").iterator():
        minutes = (loop.packet.document.get("window") or {}).get("since_minutes") or urgency.DAY_MINUTES
        known = urgency.columns(loop.issue, loop.severity, minutes)
        for name, value in known.items():
            setattr(loop, name, value)
        loop.first_seen_at = urgency.seen_at(loop.issue.get("first_seen"))
        if loop.state in WAITING:
            starts = event_model.objects.filter(loop=loop, kind__in=STARTS_WAITING).order_by("-created_at", "-pk")
            loop.waiting_since = starts.values_list("created_at", flat=True).first() or loop.created_at
        loop.save(update_fields=[*known, "first_seen_at", "waiting_since"])


class Migration(migrations.Migration):
    dependencies = [
        ('diagnosis', '0002_decisions'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='loop',
            name='loop_queue',
        ),
        migrations.AddField(
            model_name='loop',
            name='failures_a_day',
            field=models.FloatField(default=0),
        ),
        migrations.AddField(
            model_name='loop',
            name='first_seen_at',
            field=models.DateTimeField(help_text='Of the failure, when the loop was proposed.', null=True),
        ),
        migrations.AddField(
            model_name='loop',
            name='last_seen_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='loop',
            name='people_a_day',
            field=models.FloatField(default=0, help_text='Users, or sessions where nobody names users.'),
        ),
        migrations.AddField(
            model_name='loop',
            name='tokens_a_day',
            field=models.FloatField(default=0, help_text='Of the traces that failed.'),
        ),
        migrations.AddField(
            model_name='loop',
            name='trend',
            field=models.CharField(blank=True, max_length=10),
        ),
        migrations.AddField(
            model_name='loop',
            name='urgency',
            field=models.FloatField(default=0, help_text='What the queue is sorted by: urgency.py.'),
        ),
        migrations.AddField(
            model_name='loop',
            name='waiting_since',
            field=models.DateTimeField(help_text='For a human; empty while it does not wait.', null=True),
        ),
        migrations.AddIndex(
            model_name='loop',
            index=models.Index(fields=['state', '-urgency', 'project', 'loop_id'], name='loop_urgency'),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
