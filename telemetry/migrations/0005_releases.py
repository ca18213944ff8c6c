"""The releases of each service, from their first record to their last, of which the records are read once."""

from typing import Any

from django.db import migrations, models
from django.db.migrations.state import StateApps

# 365 days after the epoch: an earlier start is that of a clock that was never set, or of a time in milliseconds.
FIRST_AND_LAST = """
    INSERT INTO telemetry_release (service, release, first_unix_nano, last_minute)
    SELECT service, release, MIN(start_time_unix_nano), MAX(start_time_unix_nano) / 60000000000
    FROM telemetry_record WHERE start_time_unix_nano >= 31536000000000000 GROUP BY service, release
"""


def read_releases(apps: StateApps, schema_editor: Any) -> None:
    """The releases of all records."""
    schema_editor.execute(FIRST_AND_LAST, None)


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0004_attribution")]

    operations = [
        migrations.CreateModel(
            name="Release",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "service", "release", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("service", models.TextField()),
                ("release", models.TextField(help_text="Empty: its records name none.")),
                ("first_unix_nano", models.BigIntegerField()),
                ("last_minute", models.BigIntegerField(help_text="Unix minute.")),
            ],
        ),
        migrations.RunPython(read_releases, migrations.RunPython.noop),
    ]
