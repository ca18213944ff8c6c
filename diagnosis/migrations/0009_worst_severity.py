"""A loop keeps the worst severity since it was proposed; loops that are there get it from the packets and notices."""

from collections import defaultdict
from typing import Any

from django.db import migrations, models
from django.db.migrations.state import StateApps

SEVERITIES = {"low": 1, "medium": 2, "high": 3, "critical": 4}
Worst = dict[tuple[str, str], int]  # by project, and by loop id or cluster id


def fill(apps: StateApps, schema_editor: Any) -> None:
    """Raise each loop's severity to the worst that a stored packet, its issue or one of its notices shows."""
    worst: Worst = defaultdict(int)
    packets = apps.get_model("diagnosis", "Packet").objects.values_list("project_id", "document")
    for project_id, document in packets.order_by().iterator(chunk_size=20):
        for issue in document.get("issues") or []:
            raise_to(worst, project_id, issue, issue.get("severity"))
    notices = apps.get_model("diagnosis", "Notice").objects.values_list("project_id", "loop_id", "severity")
    for project_id, loop_id, severity in notices.order_by().iterator():
        raise_to(worst, project_id, {"loop_id": loop_id}, severity)
    loops = apps.get_model("diagnosis", "Loop").objects
    for loop in loops.only("project_id", "cluster_id", "severity", "issue").iterator(chunk_size=100):
        raise_to(worst, loop.project_id, {"loop_id": loop.pk}, loop.issue.get("severity"))
        known = max(worst[loop.project_id, loop.pk], worst[loop.project_id, loop.cluster_id])
        loops.filter(pk=loop.pk, severity__lt=known).update(severity=known)


def raise_to(worst: Worst, project_id: str, named: dict[str, Any], severity: Any) -> None:
    """Raise what is known of the loop and the cluster that are named."""
    number = SEVERITIES.get(str(severity), 0)
    for key in ("loop_id", "cluster_id"):
        if name := named.get(key):
            worst[project_id, name] = max(worst[project_id, name], number)


class Migration(migrations.Migration):
    dependencies = [("diagnosis", "0008_help_texts")]
    operations = [
        migrations.AlterField(
            model_name="loop",
            name="severity",
            field=models.PositiveSmallIntegerField(
                choices=[(1, "low"), (2, "medium"), (3, "high"), (4, "critical")],
                help_text="The worst since the loop was proposed.",
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
