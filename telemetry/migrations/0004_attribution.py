"""
The table of attributed failures under the field's name for it.

SQLite and PostgreSQL rename both without reading a row. The index keeps its name: SQLite would build it anew.
"""

from django.db import migrations, models


INDEX = models.Index(
    fields=[
        "fingerprint",
        "start_time_unix_nano",
        "trace_id",
        "span_id",
        "is_downstream",
        "service",
        "operation",
        "release",
        "model",
        "severity",
        "message_key",
        "session_key",
        "user_key",
        "trace_tokens",
    ],
    name="charge_cluster",
)


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0003_charges")]

    operations = [
        migrations.RenameModel("Charge", "Attribution"),
        migrations.RenameField("Attribution", "is_echo", "is_downstream"),
        # The databases name the index's column by the renamed one; Django's state has to be told.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveIndex("Attribution", "charge_cluster"),
                migrations.AddIndex("Attribution", INDEX),
            ]
        ),
        migrations.AlterField(
            "Attribution",
            "fingerprint",
            models.BigIntegerField(help_text="The cluster for which the failure counts."),
        ),
        migrations.AlterField(
            "Attribution",
            "session_key",
            models.BigIntegerField(
                help_text="Such a number for the session; a trace without one is a session of its own."
            ),
        ),
        migrations.AlterField(
            "Attribution",
            "user_key",
            models.BigIntegerField(help_text="Such a number for the user; 0 for none."),
        ),
        migrations.AlterField(
            "Attribution",
            "trace_tokens",
            models.BigIntegerField(help_text="Input and output tokens of the whole trace."),
        ),
    ]
