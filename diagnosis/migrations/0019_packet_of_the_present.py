"""Packets know the end of their window, so that the one of the present is found without reading them all."""

from datetime import datetime
from typing import Any

from django.db import migrations, models
from django.db.migrations.state import StateApps


def fill(apps: StateApps, schema_editor: Any) -> None:
    """The end of each packet's window, from its document."""
    for packet in apps.get_model("diagnosis", "Packet").objects.iterator(chunk_size=20):
        end = (packet.document.get("window") or {}).get("end")
        packet.is_about = min(datetime.fromisoformat(end), packet.created_at) if end else packet.created_at
        packet.save(update_fields=["is_about"])


class Migration(migrations.Migration):
    dependencies = [
        ("diagnosis", "0018_no_numbers_a_day"),
    ]

    operations = [
        migrations.AddField(
            model_name="packet",
            name="is_about",
            field=models.DateTimeField(
                editable=False, help_text="The time that it tells of last: the end of its window.", null=True
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="packet",
            index=models.Index(fields=["project", "-is_about", "-created_at"], name="packet_of_the_present"),
        ),
    ]
