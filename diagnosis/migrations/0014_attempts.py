"""Loops number their fixes, and know more decisions and events. Fixes that shipped are counted from the history."""

from typing import Any

from django.db import migrations, models
from django.db.models import Count, Q
from django.db.migrations.state import StateApps


def count_fixes(apps: StateApps, schema_editor: Any) -> None:
    """Number the fix of each loop that has one: as many shipped as its history says, 1 at least."""
    loops = apps.get_model("diagnosis", "Loop").objects
    shipped = loops.filter(shipped_at__isnull=False)
    for loop in shipped.annotate(fixes=Count("events", filter=Q(events__kind="shipped"))).only("pk").iterator():
        loops.filter(pk=loop.pk).update(attempt=max(1, loop.fixes))


class Migration(migrations.Migration):

    dependencies = [
        ('diagnosis', '0013_shown_packets'),
    ]

    operations = [
        migrations.AddField(
            model_name='loop',
            name='attempt',
            field=models.PositiveIntegerField(default=0, help_text='Which fix of it shipped last; 0 before any.'),
        ),
        migrations.RunPython(count_fixes, migrations.RunPython.noop, elidable=True),
        migrations.AddField(
            model_name='loop',
            name='shipment_set_at',
            field=models.DateTimeField(help_text='When time and release of that fix were reported, or last put right.', null=True),
        ),
        migrations.AlterField(
            model_name='decision',
            name='verb',
            field=models.CharField(choices=[('approve', 'approve'), ('reject', 'reject'), ('return', 'return to the agent'), ('withdraw', 'take the approval back'), ('reopen', 'reopen'), ('give_up', 'give up')], max_length=10),
        ),
        migrations.AlterField(
            model_name='loopevent',
            name='kind',
            field=models.CharField(choices=[('proposed', 'proposed'), ('issue_opened', 'issue opened'), ('pr_opened', 'pull request opened'), ('merged', 'merged'), ('shipped', 'shipped'), ('shipped_corrected', 'shipment put right'), ('shipment_corrected', 'shipment put right by a person'), ('asked_again', 'asked what to do after the fix'), ('answered', 'question answered'), ('decided', 'decided'), ('verified', 'verified'), ('regressed', 'regressed'), ('grew', 'grew past its rejection'), ('outdated', 'an approval no longer holds'), ('moved', 'moved to another cluster'), ('joined', 'joined another loop')], max_length=20),
        ),
    ]
