"""The numbers a day go: what was seen stands in their place."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("diagnosis", "0017_seen_harm"),
    ]

    operations = [
        migrations.RemoveField(model_name="loop", name="failures_a_day"),
        migrations.RemoveField(model_name="loop", name="people_a_day"),
        migrations.RemoveField(model_name="loop", name="tokens_a_day"),
    ]
