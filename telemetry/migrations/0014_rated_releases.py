"""User signals that are stored get the release of what they are about, as they are joined with the next spans."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("telemetry", "0013_cancelled_calls"),
    ]

    operations = [
        migrations.RunSQL("UPDATE telemetry_rating SET is_stale = TRUE", migrations.RunSQL.noop),
    ]
