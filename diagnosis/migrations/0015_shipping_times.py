"""
The event of a fix names when it shipped, which earlier versions kept in the loop alone.

That of the loop's newest fix gets the loop's time; of fixes before that one, the time of the report is what is known.
"""

from datetime import UTC
from typing import Any

from django.db import migrations
from django.db.migrations.state import StateApps


def name_times(apps: StateApps, schema_editor: Any) -> None:
    """Add its time to the newest event `shipped` of each loop that shipped."""
    loops, events = apps.get_model("diagnosis", "Loop").objects, apps.get_model("diagnosis", "LoopEvent").objects
    times = loops.filter(shipped_at__isnull=False).values_list("pk", "shipped_at")
    for loop_id, shipped_at in times.iterator():
        event = events.filter(loop=loop_id, kind="shipped").order_by("-pk").first()
        if event and "shipped_at" not in event.detail:
            time = shipped_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
            events.filter(pk=event.pk).update(detail=event.detail | {"shipped_at": time})


class Migration(migrations.Migration):
    dependencies = [("diagnosis", "0014_attempts")]
    operations = [migrations.RunPython(name_times, migrations.RunPython.noop, elidable=True)]
