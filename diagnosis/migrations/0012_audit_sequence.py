"""Decisions keep the number of their entry in the audit log; those that are there get it from the log."""

from typing import Any

from django.db import migrations, models
from django.db.migrations.state import StateApps


def fill(apps: StateApps, schema_editor: Any) -> None:
    """Number each decision by the entry about its loop and its revision; decisions older than the log get none."""
    decisions = apps.get_model("diagnosis", "Decision").objects
    entries = apps.get_model("tenants", "AuditEntry").objects.filter(event="decided", target__startswith="loop:")
    for sequence, target, detail in entries.order_by("sequence").values_list("sequence", "target", "detail").iterator():
        of_loop = decisions.filter(loop_id=target.removeprefix("loop:"), revision=detail.get("revision"))
        of_loop.update(audit_sequence=sequence)


class Migration(migrations.Migration):
    dependencies = [("diagnosis", "0011_packet_basis"), ("tenants", "0002_audit_log")]
    operations = [
        migrations.AddField(
            model_name="decision",
            name="audit_sequence",
            field=models.PositiveBigIntegerField(
                help_text="The number of its entry in the audit log, which it is compared with.", null=True
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
